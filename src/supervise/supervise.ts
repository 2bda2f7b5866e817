import type { Pod } from "../cluster/cluster.ts";
import { firstOf } from "../lib/first-of.ts";
import { awaitStart } from "../pod/await-start.ts";
import { podOf } from "../pod/state-verdict.ts";
import { cancelled } from "./cancelled.ts";
import { drain } from "./drain.ts";
import type { Ending } from "./ending.ts";
import { failed } from "./failed.ts";
import { inactive } from "./inactive.ts";
import { outputEnded } from "./output-ended.ts";
import { podEnded } from "./pod-ended.ts";
import { RunOutput } from "./run-output.ts";
import { silentStart } from "./silent-start.ts";
import { stopRun } from "./stop-run.ts";
import { timedOut } from "./timed-out.ts";
import type { Cause, SuperviseDeps, Supervision, WatchedRun } from "./watched-run.ts";

export interface Supervised {
  ending: Ending;
  /** The run's pod as last seen, absent when it never had one. */
  pod: Pod | undefined;
}

/**
 * Watches one Job until it has ended in one way or another, carries its output, and stops it where that is due.
 *
 * Each way to end is a file of this folder; they race, and the first cause wins. Throws `RunFailure` when the right to
 * read the run's pod was taken away for good.
 */
export async function supervise(run: Supervision, deps: SuperviseDeps): Promise<Supervised> {
  const view = deps.podWatcher.view(run.job.metadata?.name ?? "");
  const output = new RunOutput();
  const watched: WatchedRun = { run, deps, view, output };
  try {
    const cause = await firstOf(
      [(signal) => cancelled(watched, signal), (signal) => startedAndEnded(watched, signal)],
      output.life,
    );
    const ending = await endingOf(cause, watched);
    return { ending, pod: podOf(view.state()) };
  } finally {
    output.close();
    view.close();
  }
}

/** From the wait for the pod to whatever ends its run first. */
async function startedAndEnded(watched: WatchedRun, signal: AbortSignal): Promise<Cause> {
  const { run, deps, view, output } = watched;
  const start = await awaitStart(run.job, { ...deps, view }, signal);
  if (start.kind === "failed") return { kind: "over", ending: await failed(start.failure, watched, signal) };
  deps.log.progress?.({ kind: "state", text: `running on node ${start.pod.spec?.nodeName ?? "unknown"}` });
  output.start(start.pod, run, deps);
  return firstOf(
    [
      (inner) => outputEnded(watched, inner),
      (inner) => podEnded(watched, inner),
      (inner) => timedOut(watched, start.atMs, inner),
      (inner) => inactive(watched, inner),
      (inner) => silentStart(watched, inner),
    ],
    signal,
  );
}

/** Carries out what the cause asks for: a stop, or the rest of the output. */
async function endingOf(cause: Cause, watched: WatchedRun): Promise<Ending> {
  if (cause.kind === "stop") return stopRun(cause.stop, watched);
  const { deps, output } = watched;
  if (cause.ending.kind !== "detached") await drain(output, deps.limits.drainMs, deps.signal);
  return cause.ending;
}
