import type { Job, Pod } from "../cluster/cluster.ts";
import { annotation, label, labelValue } from "../job/names.ts";
import { agentState, hasPodEnded } from "./agent-container.ts";

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
  /** Jobs and pods whose end this process has told, though the cluster may not show it yet. */
  ended: { has(uid: string): boolean };
  nowMs: number;
  /** In place of `preparationLimitMs`. */
  preparedMs?: number;
  /** A pod that has not started after this long is waited for by nobody. */
  startLimitMs?: number;
  /** A living process has removed the Job of an agent that ended this long ago. */
  ownerMs?: number;
  /** Where `reattach` is wanted: a living process has told the end of a Job that finished this long ago. */
  untoldMs?: number;
}

/** A process resumes the Job it prepared within seconds; after this long it is dead. */
export const preparationLimitMs = 120_000;

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
  const orphans = pods.filter((pod) => isLivePod(pod, question.ended) && !jobNames.has(jobOf(pod)));
  const by = [...others.map(holderOfJob), ...orphans.map(holderOfPod)];
  if (by.length > 0) return { kind: "taken", by, stale };
  // A held Job of this very run is completed by launching again: its create finds it.
  const taken = mine && !isPrepared(mine) ? mine : mine ? undefined : untoldJob(question);
  return taken ? { kind: "mine", job: taken } : { kind: "free" };
}

/** The last Job of the task that did its work after its process had died: its output stands in the cluster alone. */
function untoldJob({ jobs, pods, reattach, ended, nowMs, untoldMs = Number.POSITIVE_INFINITY }: SlotQuestion) {
  if (!reattach) return undefined;
  return jobs
    .filter((job) => {
      const { uid = "", name, deletionTimestamp } = job.metadata ?? {};
      const finished = finishedCondition(job);
      if (finished?.type !== "Complete" || deletionTimestamp || ended.has(uid) || isKept(job)) return false;
      const old = nowMs - Date.parse(finished.lastTransitionTime ?? "") > untoldMs;
      return old && isOfTask(job, reattach.taskId) && pods.some((pod) => jobOf(pod) === name);
    })
    .toSorted((left, right) => (finishedAtMs(left) ?? 0) - (finishedAtMs(right) ?? 0))
    .at(-1);
}

function isStale(job: Job, question: SlotQuestion): boolean {
  return isAbandoned(job, question) || isStuck(job, question) || isOverButForOthers(job, question);
}

/**
 * Finished Jobs whose process died before it removed them: a living one does so within a minute of their end. One
 * without a time to live is kept on purpose.
 */
export function leftoverJobs(jobs: readonly Job[], { nowMs, ownerMs }: { nowMs: number; ownerMs: number }): Job[] {
  return jobs.filter((job) => {
    const endedMs = finishedAtMs(job);
    return !isKept(job) && !job.metadata?.deletionTimestamp && endedMs !== undefined && nowMs - endedMs > ownerMs;
  });
}

/** `retainJobs` leaves its Jobs without a time to live. */
function isKept(job: Job): boolean {
  return job.spec?.ttlSecondsAfterFinished === undefined;
}

/** The agent's process is known to be over, though the cluster does not say so of its Job yet. */
function hasEnded(job: Job, { pods, ended }: SlotQuestion): boolean {
  if (ended.has(job.metadata?.uid ?? "")) return true;
  const own = pods.filter((pod) => jobOf(pod) === job.metadata?.name);
  return own.length > 0 && own.every((pod) => ended.has(pod.metadata?.uid ?? ""));
}

/** The agent has ended long ago, and another container of its pod runs on: the Job would never finish. */
function isOverButForOthers(job: Job, { pods, nowMs, ownerMs = Number.POSITIVE_INFINITY }: SlotQuestion): boolean {
  const own = pods.filter((pod) => jobOf(pod) === job.metadata?.name);
  const isOver = (pod: Pod) => nowMs - Date.parse(agentState(pod)?.terminated?.finishedAt ?? "") > ownerMs;
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

function age({ metadata }: Job | Pod, nowMs: number): number {
  return nowMs - Date.parse(metadata?.creationTimestamp ?? "");
}

/**
 * - `go-on`: no other Job lives
 * - `yield`: this run's Job gives way
 * - `wait`: the other is held and will see that it has to give way, unless its maker looked before ours was there
 */
export type Race = { kind: "go-on" } | { kind: "yield" | "wait"; to: Job };

/**
 * Whether a run, having made its own Job, may let it go. Of two processes that do, each looks after its create: the
 * later one sees the other's Job, so nobody goes on while he sees any. Age, then name, only decides who gives way.
 * A Job whose end this process has told (`ended`) is none to give way to.
 */
export function decideRace(own: Job, all: readonly Job[], ended: { has(uid: string): boolean }): Race {
  const jobs = all.filter((job) => !ended.has(job.metadata?.uid ?? ""));
  const [other] = jobs.filter((job) => job.metadata?.uid !== own.metadata?.uid && !isFinished(job));
  if (!other) return { kind: "go-on" };
  const elder = mustYield(own, jobs);
  const released = jobs.find((job) => job.metadata?.uid !== own.metadata?.uid && !isFinished(job) && !isPrepared(job));
  const to = elder ?? released;
  return to ? { kind: "yield", to } : { kind: "wait", to: other };
}

/** The elder Job, if there is one: age counts, equal ages by name. */
export function mustYield(own: Job, jobs: readonly Job[]): Job | undefined {
  const rank = (job: Job) => `${job.metadata?.creationTimestamp ?? ""} ${job.metadata?.name ?? ""}`;
  return jobs.find((job) => job.metadata?.uid !== own.metadata?.uid && !isFinished(job) && rank(job) < rank(own));
}

export function isFinished(job: Job): boolean {
  return finishedCondition(job) !== undefined;
}

function finishedCondition(job: Job) {
  return (job.status?.conditions ?? []).find(
    ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
  );
}

function finishedAtMs(job: Job): number | undefined {
  const at = Date.parse(finishedCondition(job)?.lastTransitionTime ?? "");
  return Number.isNaN(at) ? undefined : at;
}

function isRunning(job: Job): boolean {
  return !job.metadata?.deletionTimestamp && job.metadata?.annotations?.[annotation.preparedBy] === undefined;
}

function isOfTask(job: Job, taskId: string | undefined): boolean {
  return job.metadata?.labels?.[label.task] === (taskId === undefined ? undefined : labelValue(taskId));
}

function isPrepared(job: Job): boolean {
  return job.metadata?.annotations?.[annotation.preparedBy] !== undefined && job.spec?.suspend === true;
}

function isAbandoned(job: Job, { nowMs, preparedMs = preparationLimitMs }: SlotQuestion): boolean {
  return heldJobs([job], { nowMs, heldMs: preparedMs }).length > 0;
}

/** Jobs of any agent that were prepared so long ago that nobody will let them go. */
export function heldJobs(jobs: readonly Job[], { nowMs, heldMs }: { nowMs: number; heldMs: number }): Job[] {
  return jobs.filter((job) => isPrepared(job) && !job.metadata?.deletionTimestamp && age(job, nowMs) > heldMs);
}

function isLivePod(pod: Pod, ended: { has(uid: string): boolean }): boolean {
  return !hasPodEnded(pod) && !ended.has(pod.metadata?.uid ?? "");
}

function jobOf(pod: Pod): string | undefined {
  return pod.metadata?.labels?.["job-name"];
}

function holderOfJob(job: Job): Holder {
  return { job, name: `Job ${job.metadata?.name}`, runId: job.metadata?.labels?.[label.run] ?? "unknown" };
}

function holderOfPod(pod: Pod): Holder {
  return { job: undefined, name: `pod ${pod.metadata?.name}`, runId: pod.metadata?.labels?.[label.run] ?? "unknown" };
}
