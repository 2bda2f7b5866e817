import type { Job, Pod } from "../cluster/cluster.ts";
import { containerName } from "../job/names.ts";
import { bounded } from "../lib/bounded.ts";
import { disruption, type PodFailure, type PodVerdict, podVerdict } from "./pod-verdict.ts";
import type { PodState, PodView } from "./pod-watcher.ts";

/** What the latest that is known of a pod means for its run; undefined when it was never seen. */
export function stateVerdict(state: PodState): PodVerdict | undefined {
  if (state.kind === "absent") return undefined;
  if (state.kind === "present") return podVerdict(state.pod, containerName);
  const verdict = podVerdict(state.last, containerName);
  if (verdict.kind === "exited" || verdict.kind === "failed") return verdict;
  // A node that is lost tells nothing more of its containers: why the pod went stands in its conditions.
  const disrupted = disruption(state.last);
  if (disrupted) return { kind: "failed", failure: disrupted };
  const message = `The run's pod ${state.last.metadata?.name} was deleted from outside.`;
  return { kind: "failed", failure: { code: "k8s_pod_deleted", message } };
}

/** Who ends the pod, or did, other than this run. */
export function disruptionOf(state: PodState): PodFailure | undefined {
  const pod = podOf(state);
  return pod && disruption(pod);
}

export function podOf(state: PodState): Pod | undefined {
  return state.kind === "present" ? state.pod : state.kind === "deleted" ? state.last : undefined;
}

/** A deleted Job takes its pod with it: only the Job tells which of the two somebody deleted. */
export function nameDeletion(failure: PodFailure, expected: Job, found: Job | undefined): PodFailure {
  if (failure.code !== "k8s_pod_deleted") return failure;
  const same = found?.metadata?.uid === expected.metadata?.uid;
  if (found && same && !found.metadata?.deletionTimestamp) return failure;
  return { code: "k8s_job_deleted", message: `The run's Job ${expected.metadata?.name} was deleted from outside.` };
}

/** How long a watch is trusted while an end is overdue; then the pods are read. */
const trustMs = 2_000;

/** Waits for the verdict of a pod that must have come to its end; undefined when none is known in time. */
export async function finalVerdict(
  view: Pick<PodView, "state" | "changed" | "refresh">,
  limitMs: number,
  signal: AbortSignal,
): Promise<PodVerdict | undefined> {
  const bound = bounded(signal, limitMs);
  try {
    for (;;) {
      const verdict = stateVerdict(view.state());
      if (verdict && (verdict.kind === "exited" || verdict.kind === "failed")) return verdict;
      await changedOrRead(view, Math.min(trustMs, limitMs / 2), bound.signal);
    }
  } catch {
    if (signal.aborted) throw signal.reason;
    return undefined;
  } finally {
    bound.done();
  }
}

/** Resolves when the pod changed, or when it was read because nothing was heard of it for `trustedMs`. */
export async function changedOrRead(
  view: Pick<PodView, "changed" | "refresh">,
  trustedMs: number,
  signal: AbortSignal,
): Promise<void> {
  const tick = bounded(signal, trustedMs);
  try {
    await view.changed(tick.signal);
  } catch {
    if (signal.aborted) throw signal.reason;
    await view.refresh(signal);
  } finally {
    tick.done();
  }
}
