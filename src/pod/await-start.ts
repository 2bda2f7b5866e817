import type { Job } from "../cluster/cluster.ts";
import { bounded } from "../lib/bounded.ts";
import type { StartLimits } from "./limits.ts";
import type { PodFailure, PodVerdict } from "./pod-verdict.ts";
import type { PodState, PodView } from "./pod-watcher.ts";
import { beginStartWait, type Start, type StartDeps } from "./start-wait.ts";
import { podOf, stateVerdict } from "./state-verdict.ts";
import { WaitingPod } from "./waiting-pod.ts";
import { WithoutPod } from "./without-pod.ts";

/** Waits until the agent's container runs. Says once a minute what it waits for, in the cluster's words. */
export async function awaitStart(job: Job, deps: StartDeps, signal: AbortSignal): Promise<Start> {
  const wait = beginStartWait(job, deps);
  const looks = { withoutPod: new WithoutPod(wait), waitingPod: new WaitingPod(wait) };
  const { view, limits } = deps;
  const rereadWhenDue = rereadEvery(limits.watchTrustMs, view);
  for (;;) {
    await rereadWhenDue(signal);
    const start = await lookAt(view.state(), { job, ...looks }, signal);
    if (start) return start;
    await changedOrTick(view, tickMs(limits), signal);
  }
}

interface Looks {
  job: Job;
  withoutPod: WithoutPod;
  waitingPod: WaitingPod;
}

/** Undefined: it is to be waited for. */
async function lookAt(
  state: PodState,
  { job, withoutPod, waitingPod }: Looks,
  signal: AbortSignal,
): Promise<Start | undefined> {
  const verdict = stateVerdict(state);
  const pod = podOf(state);
  if (!verdict || !pod) return failedStart(await withoutPod.look(signal));
  if (verdict.kind === "failed") return failedStart(verdict.failure);
  if (verdict.kind === "waiting") return failedStart(await waitingPod.look(pod, verdict, signal));
  return { kind: "started", pod, atMs: startedAtMs(job, verdict) };
}

function failedStart(failure: PodFailure | undefined): Start | undefined {
  return failure && { kind: "failed", failure };
}

/** A watch that died without a word would hide the start: the pods are read anew as often as this. */
function rereadEvery(everyMs: number, view: PodView): (signal: AbortSignal) => Promise<void> {
  let readAtMs = Date.now();
  return async (signal) => {
    const nowMs = Date.now();
    if (nowMs - readAtMs < everyMs) return;
    readAtMs = nowMs;
    await view.refresh(signal);
  };
}

/** Of a Job that is taken over the cluster knows when it started; a start that was seen needs no clock but ours. */
function startedAtMs(job: Job, verdict: PodVerdict): number {
  if (!job.status?.active || verdict.kind !== "running") return Date.now();
  const atMs = Date.parse(verdict.startedAt ?? "");
  return Number.isNaN(atMs) ? Date.now() : Math.min(atMs, Date.now());
}

async function changedOrTick(view: PodView, ms: number, signal: AbortSignal): Promise<void> {
  const tick = bounded(signal, ms);
  await view
    .changed(tick.signal)
    .catch(() => undefined)
    .finally(tick.done);
  if (signal.aborted) throw signal.reason;
}

function tickMs({ noPodMs, sayEveryMs, suspectMs, watchTrustMs }: StartLimits): number {
  return Math.max(50, Math.min(noPodMs, sayEveryMs, suspectMs, watchTrustMs));
}
