import type { Job, Pod } from "../cluster/cluster.ts";
import { label } from "../job/names.ts";
import { agentState, hasPodEnded } from "../pod/agent-container.ts";
import {
  abandonedSuspendedJobs,
  age,
  finishedAtMs,
  finishedCondition,
  isFinished,
  isKept,
  isOfTask,
  isRunning,
  isSuspendedByMaker,
  jobOf,
} from "./job-state.ts";

/** One of the agent's Jobs or pods that lives. */
export interface Holder {
  job: Job | undefined;
  name: string;
  runId: string;
}

/**
 * - `free`: nothing of this agent lives
 * - `mine`: a Job to take over: of this very run, or (where wanted) of the same task, also one that did its work meanwhile
 * - `taken`: others live; `stale` are Jobs that a dead process left: never resumed, never started, or over but for a sidecar
 */
export type Slot = { kind: "free" } | { kind: "mine"; job: Job } | { kind: "taken"; by: Holder[]; stale: Job[] };

export interface SlotQuestion {
  jobs: readonly Job[];
  pods: readonly Pod[];
  /** Names of the Jobs that this run may have made itself. */
  ownJobs: readonly string[];
  /** Take over a live Job of this task; a run without a task takes over one without. */
  reattach: { taskId: string | undefined } | undefined;
  /** UIDs of Jobs and pods whose result was already returned to Paperclip, though the cluster may still show them as running. */
  reportedUids: { has(uid: string): boolean };
  nowMs: number;
  /** In place of `suspensionLimitMs`. */
  suspendedOwnMs?: number;
  /** Nobody waits longer than this for a pod to start. */
  startLimitMs?: number;
  /** A living process has removed the Job of an agent that ended this long ago. */
  leftoverAfterMs?: number;
  /** Where `reattach` is wanted: a living process has reported a Job that finished this long ago. */
  unreportedAfterMs?: number;
}

/** A process resumes the Job that it created within seconds; after this long it is dead. */
export const suspensionLimitMs = 120_000;

/** Decides from all Jobs and pods of the agent. A Job being deleted is live: its pod may still write. */
export function decideSlot(question: SlotQuestion): Slot {
  const { jobs, pods, ownJobs, reattach } = question;
  const live = jobs.filter((job) => !isFinished(job) && !hasEnded(job, question));
  const own = live.find((job) => ownJobs.includes(job.metadata?.name ?? "") && !job.metadata?.deletionTimestamp);
  const sameTask = reattach && live.find((job) => isRunning(job) && isOfTask(job, reattach.taskId));
  const mine = own ?? sameTask;
  const others = live.filter((job) => job !== mine);
  const stale = others.filter((job) => !job.metadata?.deletionTimestamp && isStale(job, question));
  const jobNames = new Set(jobs.map((job) => job.metadata?.name));
  const orphans = pods.filter((pod) => isLivePod(pod, question.reportedUids) && !jobNames.has(jobOf(pod)));
  const by = [...others.map(holderOfJob), ...orphans.map(holderOfPod)];
  if (by.length > 0) return { kind: "taken", by, stale };
  // A suspended Job of this very run is completed by launching again: its create finds it.
  const taken = mine && !isSuspendedByMaker(mine) ? mine : mine ? undefined : completedUnreportedJob(question);
  return taken ? { kind: "mine", job: taken } : { kind: "free" };
}

/** The last Job of the task that did its work after its process had died: its output is in the cluster alone. */
function completedUnreportedJob({
  jobs,
  pods,
  reattach,
  reportedUids,
  nowMs,
  unreportedAfterMs = Number.POSITIVE_INFINITY,
}: SlotQuestion) {
  if (!reattach) return undefined;
  return jobs
    .filter((job) => {
      const { uid = "", name, deletionTimestamp } = job.metadata ?? {};
      const finished = finishedCondition(job);
      if (finished?.type !== "Complete" || deletionTimestamp || reportedUids.has(uid) || isKept(job)) return false;
      const old = nowMs - Date.parse(finished.lastTransitionTime ?? "") > unreportedAfterMs;
      return old && isOfTask(job, reattach.taskId) && pods.some((pod) => jobOf(pod) === name);
    })
    .toSorted((left, right) => (finishedAtMs(left) ?? 0) - (finishedAtMs(right) ?? 0))
    .at(-1);
}

function isStale(job: Job, question: SlotQuestion): boolean {
  return isAbandoned(job, question) || isStuck(job, question) || agentExitedSidecarRuns(job, question);
}

/**
 * Finished Jobs whose process died before it removed them: a living one does so within a minute of their end. One
 * without a time to live is kept on purpose.
 */
export function leftoverJobs(
  jobs: readonly Job[],
  { nowMs, leftoverAfterMs }: { nowMs: number; leftoverAfterMs: number },
): Job[] {
  return jobs.filter((job) => {
    const endedMs = finishedAtMs(job);
    return (
      !isKept(job) && !job.metadata?.deletionTimestamp && endedMs !== undefined && nowMs - endedMs > leftoverAfterMs
    );
  });
}

/** The agent's process is known to have ended, though the cluster still shows its Job as running. */
function hasEnded(job: Job, { pods, reportedUids }: SlotQuestion): boolean {
  if (reportedUids.has(job.metadata?.uid ?? "")) return true;
  const own = pods.filter((pod) => jobOf(pod) === job.metadata?.name);
  return own.length > 0 && own.every((pod) => reportedUids.has(pod.metadata?.uid ?? ""));
}

/** The agent has ended long ago, and another container of its pod runs on: the Job would never finish. */
function agentExitedSidecarRuns(
  job: Job,
  { pods, nowMs, leftoverAfterMs = Number.POSITIVE_INFINITY }: SlotQuestion,
): boolean {
  const own = pods.filter((pod) => jobOf(pod) === job.metadata?.name);
  const isOver = (pod: Pod) => nowMs - Date.parse(agentState(pod)?.terminated?.finishedAt ?? "") > leftoverAfterMs;
  return own.length > 0 && own.every(isOver);
}

/** No process waits that long for a pod to start: whoever made this Job is dead, and the pod may never start. */
function isStuck(job: Job, { pods, nowMs, startLimitMs = Number.POSITIVE_INFINITY }: SlotQuestion): boolean {
  const own = pods.filter((pod) => jobOf(pod) === job.metadata?.name);
  const waits = (pod: Pod) => pod.status?.phase === "Pending" && age(pod, nowMs) > startLimitMs && !hasStarted(pod);
  return own.length > 0 && own.every(waits);
}

function hasStarted(pod: Pod): boolean {
  return (pod.status?.containerStatuses ?? []).some(({ state }) => state?.running || state?.terminated);
}

function isAbandoned(job: Job, { nowMs, suspendedOwnMs = suspensionLimitMs }: SlotQuestion): boolean {
  return abandonedSuspendedJobs([job], { nowMs, suspendedForeignMs: suspendedOwnMs }).length > 0;
}

function isLivePod(pod: Pod, reportedUids: { has(uid: string): boolean }): boolean {
  return !hasPodEnded(pod) && !reportedUids.has(pod.metadata?.uid ?? "");
}

function holderOfJob(job: Job): Holder {
  return { job, name: `Job ${job.metadata?.name}`, runId: job.metadata?.labels?.[label.run] ?? "unknown" };
}

function holderOfPod(pod: Pod): Holder {
  return { job: undefined, name: `pod ${pod.metadata?.name}`, runId: pod.metadata?.labels?.[label.run] ?? "unknown" };
}
