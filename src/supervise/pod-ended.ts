import type { PodFailure, PodVerdict } from "../pod/pod-verdict.ts";
import { changedOrRead, disruptionOf, podOf, stateVerdict } from "../pod/state-verdict.ts";
import { askForJob } from "./ask-cluster.ts";
import { drain } from "./drain.ts";
import { type Ending, statusEnding } from "./ending.ts";
import { failed } from "./failed.ts";
import type { Cause, WatchedRun } from "./watched-run.ts";

/** A pod that fails, or a finished container whose log does not come to an end by itself. */
export async function podEnded(watched: WatchedRun, signal: AbortSignal): Promise<Cause> {
  const deletion = new OverdueDeletion();
  for (;;) {
    const verdict = stateVerdict(watched.view.state());
    if (verdict?.kind === "failed") return over(await failedPod(verdict.failure, watched, signal));
    if (verdict?.kind === "exited") return over(await exitedContainer(verdict, watched, signal));
    const overdue = await deletion.changedOrOverdue(watched, signal);
    if (overdue) return over(await failedPod(overdue, watched, signal));
  }
}

/** What the log still holds may be the agent's own end, which then came first. */
async function failedPod(failure: PodFailure, watched: WatchedRun, signal: AbortSignal): Promise<Ending> {
  const end = await drain(watched.output, watched.deps.limits.drainMs, signal);
  if (signal.aborted) throw signal.reason;
  if (end?.kind === "marked" && end.exitCode === 0) return { kind: "exited", exitCode: 0, source: "launcher" };
  return failed(failure, watched, signal);
}

/** Its output's end is the better ending and mostly comes first; this one waits until the log stands still. */
async function exitedContainer(
  verdict: Extract<PodVerdict, { kind: "exited" }>,
  watched: WatchedRun,
  signal: AbortSignal,
): Promise<Ending> {
  const { deps, output } = watched;
  const { drainMs, logWriteMs } = deps.limits;
  await output.progress.stops({ readMs: drainMs / 2, writeMs: logWriteMs }, signal);
  output.readToEnd();
  // The log cannot be read while the API is away: that time is not the log's.
  do await output.progress.stops({ readMs: drainMs * 3, writeMs: logWriteMs }, signal);
  while (!(await askForJob(watched, signal)).answer);
  await deps.log.say("the container has ended and its log cannot be read to the end; the last lines may be missing");
  return statusEnding(verdict);
}

/** A pod whose deletion is overdue has lost its kubelet. */
class OverdueDeletion {
  #deletionSeenMs: number | undefined;

  /** Waits until the pod changes; a failure when its deletion is overdue by then. */
  async changedOrOverdue(watched: WatchedRun, signal: AbortSignal): Promise<PodFailure | undefined> {
    const { view, deps } = watched;
    const state = view.state();
    const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = podOf(state)?.metadata ?? {};
    if (deletionTimestamp === undefined) {
      await view.changed(signal);
      return undefined;
    }
    this.#deletionSeenMs ??= Date.now();
    const leftMs = this.#deletionSeenMs + deletionGracePeriodSeconds * 1000 + deps.limits.overdueMs - Date.now();
    if (leftMs <= 0 && (await askForJob(watched, signal)).answer) return disruptionOf(state);
    await changedOrRead(view, Math.max(leftMs, 1_000), signal);
    return undefined;
  }
}

function over(ending: Ending): Cause {
  return { kind: "over", ending };
}
