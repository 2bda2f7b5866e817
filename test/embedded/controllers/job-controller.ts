import { deleteObject, dropFinalizer } from "../api-server/deletion.ts";
import { createObject } from "../api-server/object-api.ts";
import { type JobObject, type JobStatus, type PodObject, refOf } from "../api-server/objects.ts";
import { resourceNamed } from "../api-server/resource-table.ts";
import type { Store } from "../api-server/store.ts";
import { formatSeconds } from "../kubelet/node-clock.ts";
import type { Timers } from "../timers.ts";
import type { EventNote, EventRecorder } from "./event-recorder.ts";
import { buildJobPod, isJobFinished, isPodOf, trackingFinalizer } from "./job-pod.ts";
import {
  decideJob,
  type JobDecision,
  livePods,
  setLiveCounts,
  terminatingPods,
  uncountedPods,
  withCondition,
} from "./job-status.ts";
import { createReconciler, keyOf, refOfKey } from "./reconciler.ts";

export interface JobControllerParts {
  store: Store;
  timers: Timers;
  events: EventRecorder;
  /** A fault: words with which admission refuses the pods of Jobs; may change while the cluster runs. */
  podRefusal: { words: string | undefined };
}

/** One look at one Job. `again` asks for another look later. */
interface Work extends JobControllerParts {
  job: JobObject;
  own: readonly PodObject[];
  again(ms: number): void;
}

const pods = resourceNamed("pods");
/** The next try after a pod could not be created; the real one begins with 1 s and doubles. */
const createRetryMs = 500;

/** Keeps Jobs: suspends, makes pods, counts, ends, removes after the TTL. Returns its end. */
export function startJobController(parts: JobControllerParts): () => void {
  const { store, timers } = parts;
  const queue = createReconciler(timers, (key) => {
    const job = store.get("jobs", refOfKey(key));
    if (!job || job.metadata.deletionTimestamp !== undefined) return;
    const again = (ms: number) => queue.add(key, ms);
    if (isJobFinished(job)) removeAfterTtl(store, job, again);
    else reconcileJob({ ...parts, job, own: podsOf(store, job), again });
  });
  const orphans = createReconciler(timers, (key) => releaseOrphan(store, store.get("pods", refOfKey(key))));
  return store.subscribe(({ resource, object }) => {
    if (resource === "jobs") {
      queue.add(keyOf(object));
      for (const pod of podsOf(store, object as JobObject)) orphans.add(keyOf(pod));
    }
    if (resource !== "pods") return;
    const owner = object.metadata.ownerReferences?.find(({ kind }) => kind === "Job");
    if (owner) queue.add(`${object.metadata.namespace}/${owner.name}`);
    if (object.metadata.finalizers?.includes(trackingFinalizer)) orphans.add(keyOf(object));
  });
}

function podsOf(store: Store, job: JobObject): PodObject[] {
  return store.list("pods", job.metadata.namespace ?? "").filter((pod) => isPodOf(pod, job));
}

/** A pod whose Job is gone is held by nobody (API: orphan pods lose the tracking finalizer). */
function releaseOrphan(store: Store, pod: PodObject | undefined): void {
  if (!pod?.metadata.finalizers?.includes(trackingFinalizer)) return;
  const owner = pod.metadata.ownerReferences?.find(({ kind }) => kind === "Job");
  const job = owner && store.get("jobs", { namespace: pod.metadata.namespace ?? "", name: owner.name });
  const isCared = job && job.metadata.uid === owner.uid && !job.metadata.deletionTimestamp && !isJobFinished(job);
  if (!isCared) dropFinalizer(store, { resource: "pods", ref: refOf(pod) }, trackingFinalizer);
}

function reconcileJob(work: Work): void {
  const { store, job, own } = work;
  const decision = decideJob({ job, pods: own, nowMs: Date.now() });
  const announced = job.status.conditions?.some(
    ({ type }) => type === "SuccessCriteriaMet" || type === "FailureTarget",
  );
  if (decision.kind === "finish" && !announced) {
    announce(work, decision);
    return;
  }
  const uncounted = uncountedPods(own);
  if (uncounted.failed.length + uncounted.succeeded.length > 0) {
    updateStatus(store, job, (status) => {
      if (uncounted.failed.length > 0) status.failed = (status.failed ?? 0) + uncounted.failed.length;
      if (uncounted.succeeded.length > 0) status.succeeded = (status.succeeded ?? 0) + uncounted.succeeded.length;
    });
    for (const pod of [...uncounted.failed, ...uncounted.succeeded]) {
      dropFinalizer(store, { resource: "pods", ref: refOf(pod) }, trackingFinalizer);
    }
  }
  if (decision.kind === "finish") finish(work, decision);
  else if (decision.kind === "suspend") suspend(work);
  else keepRunning(work, decision);
}

type Finish = Extract<JobDecision, { kind: "finish" }>;

/** First the target, with the pods still to be counted; the end follows when none is left alive (seen with 1.34). */
function announce(work: Work, { target, reason, message }: Finish): void {
  const { store, job } = work;
  deleteLive(work);
  const own = podsOf(store, job);
  const { failed, succeeded } = uncountedPods(own);
  const uids = (list: PodObject[]) => list.map(({ metadata }) => metadata.uid);
  updateStatus(store, job, (status) => {
    setLiveCounts(status, own);
    status.uncountedTerminatedPods = {
      ...(failed.length > 0 ? { failed: uids(failed) } : {}),
      ...(succeeded.length > 0 ? { succeeded: uids(succeeded) } : {}),
    };
    status.conditions = withCondition(status.conditions, { type: target, status: "True", reason, message });
  });
}

function deleteLive(work: Work): void {
  for (const pod of livePods(work.own)) {
    deleteObject(work.store, { type: pods, ref: refOf(pod) });
    note(work, { type: "Normal", reason: "SuccessfulDelete", message: `Deleted pod: ${pod.metadata.name}` });
  }
}

function finish(work: Work, { target, reason, message }: Finish): void {
  const { store, job } = work;
  const own = podsOf(store, job);
  const isOver = terminatingPods(own).length === 0;
  const isSuccess = target === "SuccessCriteriaMet";
  updateStatus(store, job, (status) => {
    setLiveCounts(status, own);
    status.uncountedTerminatedPods = {};
    if (!isOver) return;
    if (isSuccess) status.completionTime = formatSeconds();
    const type = isSuccess ? "Complete" : "Failed";
    status.conditions = withCondition(status.conditions, { type, status: "True", reason, message });
  });
  if (!isOver) return;
  const completed = { type: "Normal" as const, reason: "Completed", message: "Job completed" };
  note(work, isSuccess ? completed : { type: "Warning", reason, message });
}

function suspend(work: Work): void {
  const { store, job } = work;
  const known = job.status.conditions?.find(({ type }) => type === "Suspended")?.status;
  deleteLive(work);
  const own = podsOf(store, job);
  updateStatus(store, job, (status) => {
    setLiveCounts(status, own);
    status.uncountedTerminatedPods = {};
    delete status.startTime;
    const condition = { type: "Suspended", status: "True", reason: "JobSuspended", message: "Job suspended" };
    status.conditions = withCondition(status.conditions, condition);
  });
  if (known !== "True") note(work, { type: "Normal", reason: "Suspended", message: "Job suspended" });
}

function keepRunning(work: Work, decision: JobDecision): void {
  const { store, job, again } = work;
  const resumed = job.status.conditions?.some(({ type, status }) => type === "Suspended" && status === "True");
  if (decision.kind === "create-pods") createPods(work, decision.count);
  const own = podsOf(store, job);
  updateStatus(store, job, (status) => {
    setLiveCounts(status, own);
    status.uncountedTerminatedPods = {};
    if (status.startTime === undefined) {
      status.startTime = formatSeconds();
      if (job.spec.activeDeadlineSeconds !== undefined) again(job.spec.activeDeadlineSeconds * 1000 + 5);
    }
    if (!resumed) return;
    const condition = { type: "Suspended", status: "False", reason: "JobResumed", message: "Job resumed" };
    status.conditions = withCondition(status.conditions, condition);
  });
  if (resumed) note(work, { type: "Normal", reason: "Resumed", message: "Job resumed" });
}

function createPods(work: Work, count: number): void {
  const { store, job, again } = work;
  for (let each = 0; each < count; each++) {
    try {
      if (work.podRefusal.words !== undefined) throw new Error(work.podRefusal.words);
      const target = { type: pods, namespace: job.metadata.namespace ?? "", dryRun: false };
      const { object } = createObject(store, target, buildJobPod(job));
      note(work, { type: "Normal", reason: "SuccessfulCreate", message: `Created pod: ${object.metadata.name}` });
    } catch (error) {
      const message = `Error creating: ${error instanceof Error ? error.message : String(error)}`;
      note(work, { type: "Warning", reason: "FailedCreate", message });
      again(createRetryMs);
      return;
    }
  }
}

function removeAfterTtl(store: Store, job: JobObject, again: (ms: number) => void): void {
  const ttlSec = job.spec.ttlSecondsAfterFinished;
  if (ttlSec === undefined) return;
  const finished = job.status.conditions?.find(({ type }) => type === "Complete" || type === "Failed");
  const leftMs = Date.parse(finished?.lastTransitionTime ?? "") + ttlSec * 1000 - Date.now();
  if (leftMs > 0) again(leftMs + 2);
  else deleteObject(store, { type: resourceNamed("jobs"), ref: refOf(job) }, { propagationPolicy: "Foreground" });
}

function updateStatus(store: Store, job: JobObject, edit: (status: JobStatus) => void): void {
  if (store.get("jobs", refOf(job))?.metadata.uid !== job.metadata.uid) return;
  store.update("jobs", refOf(job), (draft) => {
    draft.status ??= {};
    edit(draft.status);
  });
}

function note({ events, job }: Work, event: Omit<EventNote, "component">): void {
  events.record(job, { ...event, component: "job-controller" });
}
