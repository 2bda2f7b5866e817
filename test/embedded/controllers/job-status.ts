import {
  isFinishedPod,
  type JobCondition,
  type JobObject,
  type JobStatus,
  type PodObject,
} from "../api-server/objects.ts";
import { formatSeconds } from "../kubelet/node-clock.ts";
import { trackingFinalizer } from "./job-pod.ts";

/** What a Job's controller decides next, from the Job and its pods alone. */
export type JobDecision =
  | { kind: "suspend" }
  | { kind: "create-pods"; count: number }
  | { kind: "finish"; target: "SuccessCriteriaMet" | "FailureTarget"; reason: string; message: string }
  | { kind: "keep" };

export interface JobFacts {
  job: JobObject;
  pods: readonly PodObject[];
  nowMs: number;
}

const completed = { reason: "CompletionsReached", message: "Reached expected number of succeeded pods" };
const deadline = { reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" };
const backoff = { reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit" };

export function decideJob({ job, pods, nowMs }: JobFacts): JobDecision {
  const { suspend, completions = 1, parallelism = 1, backoffLimit = 6, activeDeadlineSeconds } = job.spec;
  const announced = job.status.conditions?.find(
    ({ type }) => type === "SuccessCriteriaMet" || type === "FailureTarget",
  );
  if (announced) {
    const { type, reason = "", message = "" } = announced;
    return {
      kind: "finish",
      target: type === "FailureTarget" ? "FailureTarget" : "SuccessCriteriaMet",
      reason,
      message,
    };
  }
  const uncounted = uncountedPods(pods);
  const succeeded = (job.status.succeeded ?? 0) + uncounted.succeeded.length;
  const failed = (job.status.failed ?? 0) + uncounted.failed.length;
  if (succeeded >= completions) return { kind: "finish", target: "SuccessCriteriaMet", ...completed };
  if (failed > backoffLimit) return { kind: "finish", target: "FailureTarget", ...backoff };
  if (suspend) return { kind: "suspend" };
  const startedMs = Date.parse(job.status.startTime ?? "");
  if (activeDeadlineSeconds !== undefined && nowMs - startedMs >= activeDeadlineSeconds * 1000) {
    return { kind: "finish", target: "FailureTarget", ...deadline };
  }
  const missing = Math.min(parallelism, completions - succeeded) - livePods(pods).length;
  return missing > 0 ? { kind: "create-pods", count: missing } : { kind: "keep" };
}

export function livePods(pods: readonly PodObject[]): PodObject[] {
  return pods.filter((pod) => !isFinishedPod(pod) && pod.metadata.deletionTimestamp === undefined);
}

export function terminatingPods(pods: readonly PodObject[]): PodObject[] {
  return pods.filter((pod) => !isFinishedPod(pod) && pod.metadata.deletionTimestamp !== undefined);
}

/**
 * Pods that have ended and still carry the tracking finalizer. A pod that is being deleted counts as failed at once
 * (API: podReplacementPolicy TerminatingOrFailed, seen with 1.34).
 */
export function uncountedPods(pods: readonly PodObject[]): { succeeded: PodObject[]; failed: PodObject[] } {
  const held = pods.filter(({ metadata }) => metadata.finalizers?.includes(trackingFinalizer));
  return {
    succeeded: held.filter(({ status }) => status.phase === "Succeeded"),
    failed: held.filter(
      ({ status, metadata }) =>
        status.phase === "Failed" || (metadata.deletionTimestamp !== undefined && status.phase !== "Succeeded"),
    ),
  };
}

/** The counts of what is alive, as the status shows them. */
export function setLiveCounts(status: JobStatus, pods: readonly PodObject[]): void {
  const live = livePods(pods);
  if (live.length > 0) status.active = live.length;
  else delete status.active;
  status.terminating = terminatingPods(pods).length;
  status.ready = live.filter((pod) =>
    pod.status.conditions?.some((each) => each.type === "Ready" && each.status === "True"),
  ).length;
}

/** Sets one condition, keeping the others and, where nothing changes, the time. */
export function withCondition(
  conditions: readonly JobCondition[] = [],
  next: { type: string; status: string; reason: string; message: string },
): JobCondition[] {
  const known = conditions.find(({ type }) => type === next.type);
  if (known?.status === next.status && known.reason === next.reason) return [...conditions];
  const now = formatSeconds();
  const condition = { ...next, lastProbeTime: now, lastTransitionTime: now };
  return known ? conditions.map((each) => (each === known ? condition : each)) : [...conditions, condition];
}
