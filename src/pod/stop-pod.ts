import { isApiError } from "../cluster/api-error.ts";
import type { Cluster, Job } from "../cluster/cluster.ts";
import { backoffMs } from "../lib/backoff.ts";
import { bounded } from "../lib/bounded.ts";
import { sleep } from "../lib/sleep.ts";
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
 * TERM, the grace period, KILL, and the Job gone. The pod is told directly: waiting for the garbage collector to follow
 * the Job would add its own delay. Bounded by grace and margin; `gone` is false when the cluster could not confirm it.
 */
export async function stopPod(
  job: Job,
  { cluster, view }: StopDeps,
  { graceMs, marginMs }: { graceMs: number; marginMs: number },
): Promise<StopResult> {
  const startedAt = Date.now();
  const bound = bounded(new AbortController().signal, graceMs + marginMs);
  const namespace = job.metadata?.namespace ?? "";
  const remove = (resource: "jobs" | "pods", name: string, gracePeriodSeconds?: number) =>
    persistently(bound.signal, () =>
      cluster.delete(
        resource,
        { namespace, name },
        { signal: bound.signal, ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }) },
      ),
    );
  try {
    if (view.state().kind === "absent") await view.refresh(bound.signal);
    const state = view.state();
    if (state.kind === "present" && !isOver(state)) {
      const grace = Math.max(1, Math.ceil(graceMs / 1000));
      // Where only Jobs may be deleted the pod follows its Job, a little later.
      await remove("pods", state.pod.metadata?.name ?? "", grace).catch(unlessDenied);
    }
    await remove("jobs", job.metadata?.name ?? "");
    if (state.kind === "absent") return { gone: await neverHadPod(view, bound.signal), forced: false };
    while (!isOver(view.state())) await changedOrRead(view, trustMs, bound.signal);
    return { gone: true, forced: exitSignal(view.state()) === "KILL" || Date.now() - startedAt > graceMs };
  } catch (error) {
    if (bound.signal.aborted || isApiError(error)) return { gone: false, forced: true };
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

function unlessDenied(error: unknown): void {
  if (!isApiError(error, "denied")) throw error;
}

async function persistently<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (signal.aborted || !isApiError(error) || !error.transient) throw error;
      await sleep(backoffMs(attempt, { firstMs: 200, maxMs: 2_000 }), signal);
    }
  }
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
