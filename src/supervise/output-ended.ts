import { refOf } from "../cluster/ref-of.ts";
import type { OutputEnd } from "../output/output-writer.ts";
import type { PodVerdict } from "../pod/pod-verdict.ts";
import { disruptionOf, finalVerdict, podOf, stateVerdict } from "../pod/state-verdict.ts";
import { ask } from "./ask-cluster.ts";
import { type Ending, statusEnding, statusWords } from "./ending.ts";
import { failed } from "./failed.ts";
import type { Cause, WatchedRun } from "./watched-run.ts";

/** The end mark is the agent's end. Where a log ends without it, the container's status decides. */
export async function outputEnded(watched: WatchedRun, signal: AbortSignal): Promise<Cause> {
  const end = await watched.output.ended(signal);
  const ending =
    end.kind === "marked"
      ? await markedEnding(end.exitCode, watched, signal)
      : await unmarkedEnding(end, watched, signal);
  return { kind: "over", ending };
}

/** An exit code other than 0 may be the cluster's doing, which only the container's status tells: it is awaited for a moment. */
async function markedEnding(exitCode: number, watched: WatchedRun, signal: AbortSignal): Promise<Ending> {
  const exited: Ending = { kind: "exited", exitCode, source: "launcher" };
  if (exitCode === 0) return exited;
  const verdict = await verdictWithin(watched.deps.limits.statusMs, watched, signal);
  if (verdict?.kind === "failed") return failed(verdict.failure, watched, signal);
  const disrupted = verdict ? undefined : disruptionOf(watched.view.state());
  if (disrupted) return failed(disrupted, watched, signal);
  return verdict?.kind === "exited" ? { ...exited, ...statusWords(verdict) } : exited;
}

async function unmarkedEnding(
  end: Extract<OutputEnd, { kind: "unmarked" }>,
  watched: WatchedRun,
  signal: AbortSignal,
): Promise<Ending> {
  const { log, limits } = watched.deps;
  if (!end.complete) await log.say(`the end of the output may be missing: ${end.why}`);
  const verdict = await verdictWithin(limits.drainMs, watched, signal);
  if (verdict?.kind === "failed") return failed(verdict.failure, watched, signal);
  if (verdict?.kind === "exited") return statusEnding(verdict);
  const message = `The run's output ended (${end.why}) and the cluster does not tell how the container ended.`;
  return { kind: "failed", failure: { code: "k8s_outcome_unknown", message } };
}

/** While the API is away nothing can be known: the limit is counted anew from its next answer on. */
async function verdictWithin(
  limitMs: number,
  { deps, view }: WatchedRun,
  signal: AbortSignal,
): Promise<PodVerdict | undefined> {
  for (;;) {
    const known = await finalVerdict(view, limitMs, signal);
    const last = podOf(view.state());
    if (known || !last) return known;
    const found = await ask(deps.cluster.read("pods", refOf(last), { signal }), signal);
    if (!found.answer) continue;
    const pod = found.value?.metadata?.uid === last.metadata?.uid ? found.value : undefined;
    const verdict = stateVerdict(pod ? { kind: "present", pod } : { kind: "deleted", last });
    return verdict?.kind === "exited" || verdict?.kind === "failed" ? verdict : undefined;
  }
}
