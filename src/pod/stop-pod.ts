import { type ApiError, isApiError, isTransient, unlessDenied } from "../cluster/api-error.ts";
import type { Cluster, Job, Ref } from "../cluster/cluster.ts";
import { refOf } from "../cluster/ref-of.ts";
import { bounded } from "../lib/bounded.ts";
import { retry } from "../lib/retry.ts";
import { agentState, hasPodEnded } from "./agent-container.ts";
import type { PodState, PodView } from "./pod-watcher.ts";
import { changedOrRead, podOf } from "./state-verdict.ts";

export interface StopResult {
  /** The agent's process was seen to have ended. */
  gone: boolean;
  /** It did not end by itself within the grace period. */
  forced: boolean;
}

export interface StopDeps {
  cluster: Pick<Cluster, "delete" | "read">;
  view: PodView;
}

/** A stop has a bound: a watch that says nothing this long is not relied on. */
const trustMs = 1_500;

/**
 * TERM, the grace period, KILL, and the Job gone. The pod is deleted directly: waiting for the garbage collector to
 * follow the Job would add its own delay. Bounded by grace and margin; `gone` is false when the cluster could not confirm it.
 */
export async function stopPod(
  job: Job,
  { cluster, view }: StopDeps,
  { graceMs, marginMs }: { graceMs: number; marginMs: number },
): Promise<StopResult> {
  const startedAt = Date.now();
  const bound = bounded(new AbortController().signal, graceMs + marginMs);
  const { signal } = bound;
  /** Credentials may be in rotation. The server's `Retry-After` is not kept: a stop has a bound of its own. */
  const remove = (resource: "jobs" | "pods", ref: Ref, gracePeriodSeconds?: number) =>
    retry(() => cluster.delete(resource, ref, { signal, ...(gracePeriodSeconds ? { gracePeriodSeconds } : {}) }), {
      signal,
      isRetryable: (error): error is ApiError =>
        isTransient(error) || isApiError(error, "unauthorized", "misconfigured"),
      backoff: { firstMs: 200, maxMs: 2_000 },
    });
  try {
    if (view.state().kind === "absent") await view.refresh(signal);
    const state = view.state();
    if (state.kind === "present" && !isOver(state)) {
      const grace = Math.max(1, Math.ceil(graceMs / 1000));
      // Where only Jobs may be deleted the pod follows its Job, a little later.
      await remove("pods", refOf(state.pod), grace).catch(unlessDenied);
    }
    await remove("jobs", refOf(job));
    if (state.kind === "absent") return { gone: await neverHadPod(view, signal), forced: false };
    while (!isOver(view.state())) await changedOrRead(view, trustMs, signal);
    return { gone: true, forced: exitSignal(view.state()) === "KILL" || Date.now() - startedAt > graceMs };
  } catch (error) {
    if (signal.aborted || isApiError(error)) return { gone: false, forced: true };
    throw error;
  } finally {
    bound.done();
  }
}

/** A Job whose pod was never seen: the pod may be on its way, and goes with the Job. */
async function neverHadPod(view: PodView, signal: AbortSignal): Promise<boolean> {
  const settle = bounded(signal, 1_000);
  try {
    while (view.state().kind === "absent") await view.changed(settle.signal);
  } catch {
    return view.state().kind === "absent" && settle.timeUp();
  } finally {
    settle.done();
  }
  while (!isOver(view.state())) await changedOrRead(view, trustMs, signal);
  return true;
}

function isOver(state: PodState): boolean {
  if (state.kind !== "present") return state.kind === "deleted";
  // A pod without a node has no process; it disappears at once when deleted.
  return hasPodEnded(state.pod) || agentState(state.pod)?.terminated !== undefined;
}

function exitSignal(state: PodState): "KILL" | undefined {
  const pod = podOf(state);
  return pod && agentState(pod)?.terminated?.exitCode === 137 ? "KILL" : undefined;
}
