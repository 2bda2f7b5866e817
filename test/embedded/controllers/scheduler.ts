import { type ClaimObject, isFinishedPod, type KubeObject, type PodObject, refOf } from "../api-server/objects.ts";
import { parseQuantity } from "../api-server/quantity.ts";
import { requested } from "../api-server/quota.ts";
import type { Store } from "../api-server/store.ts";
import { nodeName } from "../kubelet/kubelet-context.ts";
import { formatSeconds } from "../kubelet/node-clock.ts";
import type { Timers } from "../timers.ts";
import type { EventRecorder } from "./event-recorder.ts";
import { acceptsNode } from "./node-affinity.ts";
import { createReconciler } from "./reconciler.ts";

export interface SchedulerParts {
  store: Store;
  timers: Timers;
  events: EventRecorder;
}

/** Binds pods to the only node, or says in the real scheduler's words why it does not. */
export function startScheduler({ store, timers, events }: SchedulerParts): () => void {
  const queue = createReconciler(timers, () => {
    for (const pod of store.list("pods").filter(isUnscheduled)) place(pod);
  });

  function place(pod: PodObject): void {
    const obstacle = findObstacle(store, pod);
    const now = formatSeconds();
    if (obstacle === undefined) {
      store.update("pods", refOf(pod), (draft) => {
        draft.spec.nodeName = nodeName;
        draft.status.conditions = [{ type: "PodScheduled", status: "True", lastTransitionTime: now }];
      });
      const message = `Successfully assigned ${pod.metadata.namespace}/${pod.metadata.name} to ${nodeName}`;
      events.record(pod, { type: "Normal", reason: "Scheduled", message, component: "default-scheduler" });
      return;
    }
    const known = pod.status.conditions?.find(({ type }) => type === "PodScheduled");
    if (known?.message === obstacle) return;
    store.update("pods", refOf(pod), (draft) => {
      const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message: obstacle };
      draft.status.conditions = [{ ...condition, lastTransitionTime: now }];
    });
    events.record(pod, {
      type: "Warning",
      reason: "FailedScheduling",
      message: obstacle,
      component: "default-scheduler",
    });
  }

  queue.add("all");
  return store.subscribe(({ resource }) => {
    if (["pods", "nodes", "persistentvolumeclaims"].includes(resource)) queue.add("all");
  });
}

function isUnscheduled(pod: PodObject): boolean {
  const gated = (pod.spec.schedulingGates?.length ?? 0) > 0;
  return !pod.spec.nodeName && !isFinishedPod(pod) && pod.metadata.deletionTimestamp === undefined && !gated;
}

const useless =
  "no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";

function findObstacle(store: Store, pod: PodObject): string | undefined {
  const claim = claimObstacle(store, pod);
  if (claim !== undefined) return `0/1 nodes are available: ${claim}. not found`;
  const node = store.get("nodes", { namespace: "", name: nodeName });
  const why = node ? nodeObstacle(store, node, pod) : "1 node(s) were not ready";
  return why === undefined ? undefined : `0/1 nodes are available: ${why}. ${useless}`;
}

function claimObstacle(store: Store, pod: PodObject): string | undefined {
  const namespace = pod.metadata.namespace ?? "";
  for (const { persistentVolumeClaim } of pod.spec.volumes ?? []) {
    if (!persistentVolumeClaim) continue;
    const name = persistentVolumeClaim.claimName;
    const claim = store.get("persistentvolumeclaims", { namespace, name });
    if (!claim) return `persistentvolumeclaim "${name}" not found`;
    if (claim.status.phase !== "Bound" && !waitsForConsumer(store, claim))
      return "pod has unbound immediate PersistentVolumeClaims";
    if (claim.status.phase !== "Bound") return undefined;
  }
  return undefined;
}

function waitsForConsumer(store: Store, { spec }: ClaimObject): boolean {
  const found = store.get("storageclasses", { namespace: "", name: spec.storageClassName ?? "" });
  return found?.["volumeBindingMode"] === "WaitForFirstConsumer";
}

interface NodeShape {
  spec?: { unschedulable?: boolean; taints?: { key: string; value?: string; effect: string }[] };
  status?: { allocatable?: Record<string, string>; conditions?: { type: string; status: string }[] };
}

function nodeObstacle(store: Store, node: KubeObject, pod: PodObject): string | undefined {
  const { spec = {}, status = {} } = node as unknown as NodeShape;
  if (spec.unschedulable) return "1 node(s) were unschedulable";
  const ready = status.conditions?.find(({ type }) => type === "Ready")?.status;
  if (ready !== undefined && ready !== "True") {
    return "1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }";
  }
  const taint = spec.taints?.find((each) => each.effect !== "PreferNoSchedule" && !isTolerated(pod, each));
  if (taint) return `1 node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`;
  if (!acceptsNode(pod, node.metadata.labels ?? {})) return "1 node(s) didn't match Pod's node affinity/selector";
  return resourceObstacle(store, pod, status.allocatable ?? {});
}

function isTolerated(pod: PodObject, taint: { key: string; value?: string; effect: string }): boolean {
  return (pod.spec.tolerations ?? []).some(
    ({ key, operator, value, effect }) =>
      (!effect || effect === taint.effect) &&
      (!key || key === taint.key) &&
      (operator === "Exists" || (value ?? "") === (taint.value ?? "")),
  );
}

function resourceObstacle(store: Store, pod: PodObject, allocatable: Record<string, string>): string | undefined {
  const others = store.list("pods").filter((other) => other.spec.nodeName === nodeName && !isFinishedPod(other));
  const short = Object.entries(allocatable).find(([name, amount]) => {
    const used = others.reduce((sum, other) => sum + requested(other.spec, "requests", name), 0);
    const asked = requested(pod.spec, "requests", name);
    return asked > 0 && used + asked > (parseQuantity(amount) ?? 0);
  });
  return short === undefined ? undefined : `1 Insufficient ${short[0]}`;
}
