import type { Job, Pod } from "../cluster/cluster.ts";
import { annotation, jobNameLabel, label, labelValue } from "../job/names.ts";

export function isFinished(job: Job): boolean {
  return finishedCondition(job) !== undefined;
}

export function finishedCondition(job: Job) {
  return (job.status?.conditions ?? []).find(
    ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
  );
}

export function finishedAtMs(job: Job): number | undefined {
  const at = Date.parse(finishedCondition(job)?.lastTransitionTime ?? "");
  return Number.isNaN(at) ? undefined : at;
}

export function isRunning(job: Job): boolean {
  return !job.metadata?.deletionTimestamp && job.metadata?.annotations?.[annotation.suspendedBy] === undefined;
}

export function isOfTask(job: Job, taskId: string | undefined): boolean {
  return job.metadata?.labels?.[label.task] === (taskId === undefined ? undefined : labelValue(taskId));
}

export function isSuspendedByMaker(job: Job): boolean {
  return job.metadata?.annotations?.[annotation.suspendedBy] !== undefined && job.spec?.suspend === true;
}

/** `retainJobs` leaves its Jobs without a time to live. */
export function isKept(job: Job): boolean {
  return job.spec?.ttlSecondsAfterFinished === undefined;
}

/** Jobs of any agent that were created suspended so long ago that nobody will resume them. */
export function abandonedSuspendedJobs(
  jobs: readonly Job[],
  { nowMs, suspendedForeignMs }: { nowMs: number; suspendedForeignMs: number },
): Job[] {
  return jobs.filter(
    (job) => isSuspendedByMaker(job) && !job.metadata?.deletionTimestamp && age(job, nowMs) > suspendedForeignMs,
  );
}

export function age({ metadata }: Job | Pod, nowMs: number): number {
  return nowMs - Date.parse(metadata?.creationTimestamp ?? "");
}

export function jobOf(pod: Pod): string | undefined {
  return pod.metadata?.labels?.[jobNameLabel];
}
