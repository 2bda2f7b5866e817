import { isApiError } from "../cluster/api-error.ts";
import type { Cluster, ClusterEvent, Pod } from "../cluster/cluster.ts";
import { refOf } from "../cluster/ref-of.ts";
import { podRefusal } from "../failure/create-failure.ts";
import type { PodFailure } from "./pod-verdict.ts";

/** Why a pod does not start, in the cluster's words, and the code that this has when it lasts. */
export interface Explained {
  why: string;
  code: PodFailure["code"];
}

type ExplainCluster = Pick<Cluster, "list" | "read">;

/** The newest warning says more than the pod's own state: which volume, which mount. Undefined: the API is away. */
export async function explainWait(
  cluster: ExplainCluster,
  { pod, why }: { pod: Pod; why: string },
  signal: AbortSignal,
): Promise<Explained | undefined> {
  try {
    const { namespace } = refOf(pod);
    const events = await eventsOf(cluster, { namespace, uid: pod.metadata?.uid }, signal);
    // What once kept a pod from a node says nothing any more when it has one.
    const current = pod.spec?.nodeName ? events.filter(({ reason }) => reason !== "FailedScheduling") : events;
    const warned = withWarning(why, current);
    const claim = /persistentvolumeclaim/i.test(warned) ? await unboundClaim(cluster, pod, signal) : "";
    return { why: `${warned}${claim}`, code: codeOf(pod, `${warned}${claim}`) };
  } catch (error) {
    if (signal.aborted || !isApiError(error)) throw error;
    return error.transient ? undefined : { why, code: codeOf(pod, why) };
  }
}

/** The events of one object, oldest first. */
export async function eventsOf(
  cluster: Pick<Cluster, "list">,
  { namespace, uid }: { namespace: string; uid: string | undefined },
  signal: AbortSignal,
): Promise<ClusterEvent[]> {
  const { items } = await cluster.list("events", namespace, { fieldSelector: `involvedObject.uid=${uid}`, signal });
  return items.toSorted((left, right) => timeOf(left).localeCompare(timeOf(right)));
}

/** The cluster made no pod for the Job, by the Job's events. */
export function refusedPod(message: string): PodFailure {
  return { code: podRefusal(message), message: `The cluster refused the run's pod: ${message}` };
}

/** The scheduler names no claim; whichever is not bound is the one, and its own events tell why. */
async function unboundClaim(cluster: ExplainCluster, pod: Pod, signal: AbortSignal): Promise<string> {
  const { namespace } = refOf(pod);
  for (const { persistentVolumeClaim } of pod.spec?.volumes ?? []) {
    if (!persistentVolumeClaim) continue;
    const name = persistentVolumeClaim.claimName;
    const claim = await cluster.read("persistentvolumeclaims", { namespace, name }, { signal });
    if (claim?.status?.phase === "Bound") continue;
    const events = claim ? await eventsOf(cluster, { namespace, uid: claim.metadata?.uid }, signal) : [];
    const words = events.at(-1)?.message;
    const state = claim ? "is not bound" : "does not exist";
    return `; claim ${name} ${state}${words ? `: ${words}` : ""}`;
  }
  return "";
}

function withWarning(why: string, events: readonly ClusterEvent[]): string {
  const warning = events.findLast(({ type }) => type === "Warning");
  return warning?.message && !why.includes(warning.message) ? `${why} (${warning.reason}: ${warning.message})` : why;
}

function timeOf({ lastTimestamp, eventTime, metadata }: ClusterEvent): string {
  return lastTimestamp ?? eventTime ?? metadata?.creationTimestamp ?? "";
}

function codeOf(pod: Pod, why: string): PodFailure["code"] {
  if (/opencode-db-/.test(why) && /bound|persistentvolumeclaim/i.test(why)) return "k8s_agent_db_unbound";
  if (/volume|FailedMount|FailedAttachVolume|persistentvolumeclaim/i.test(why)) return "k8s_volume_unavailable";
  return pod.spec?.nodeName ? "k8s_container_start_failed" : "k8s_pod_unschedulable";
}
