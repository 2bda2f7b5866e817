import { deleteObject } from "../api-server/deletion.ts";
import type { KubeObject, ObjectRef, PodObject } from "../api-server/objects.ts";
import { resourceNamed } from "../api-server/resource-table.ts";
import type { Kubelet } from "../kubelet/kubelet.ts";
import { type KubeletContext, nodeName } from "../kubelet/kubelet-context.ts";
import { formatSeconds } from "../kubelet/node-clock.ts";

/** What can go wrong with the node and with single pods. */
export interface NodeFaults {
  /** Rotates the logs of a pod's containers, or of one of them. */
  rotateLog(pod: ObjectRef, container?: string): void;
  /** Moves the node's clock, and with it the timestamps of what is logged from now on. */
  nodeClockStep(seconds: number): void;
  /** How long kubelet takes to tell a status. */
  kubeletSlow(statusDelayMs: number): void;
  /** Kills a container as the kernel does when its memory limit is reached. */
  oomKill(pod: ObjectRef, container?: string): void;
  /** Evicts a pod for node pressure, as kubelet does. */
  evict(pod: ObjectRef, message?: string): void;
  /** Deletes a pod as somebody from outside would; 0 takes it away at once. */
  deletePod(pod: ObjectRef, graceSec?: number): void;
  /** Preempts a pod, as the scheduler does for a more important one. */
  preempt(pod: ObjectRef): void;
  /** Admission refuses the pods of Jobs with these words, as a webhook or a LimitRange does; without words no more. */
  refuseJobPods(words?: string): void;
  /** New pods find no node. */
  makeUnschedulable(on?: boolean): void;
  /** The node's kubelet is not heard of any more: statuses stand still, logs cannot be read, containers run on. */
  nodeLost(): void;
  nodeBack(): void;
  /** What the control plane does with the pods of a lost node after its patience: they hang in deletion. */
  evictFromLostNode(): void;
}

export interface NodeFaultParts {
  context: KubeletContext;
  kubelet: Kubelet;
}

const evictionMessage =
  "The node was low on resource: memory. Threshold quantity: 100Mi, available: 52Mi. Container main was using 900Mi, request is 0, has larger consumption of memory. ";

export function createNodeFaults(parts: NodeFaultParts): NodeFaults {
  const { context, kubelet } = parts;
  const { store } = context;
  return {
    ...lossOfNode(context),
    rotateLog(ref, container) {
      const pod = need(context, ref);
      const names = container === undefined ? allNames(pod) : [container];
      for (const name of names) kubelet.logOf(pod.metadata.uid, name)?.rotate();
    },
    nodeClockStep: (seconds) => context.clock.step(seconds),
    kubeletSlow(statusDelayMs) {
      context.state.statusDelayMs = statusDelayMs;
    },
    oomKill(ref, container) {
      const pod = need(context, ref);
      kubelet.runOf(pod.metadata.uid)?.oomKill(container ?? pod.spec.containers[0]?.name ?? "");
    },
    evict(ref, message = evictionMessage) {
      const pod = need(context, ref);
      addDisruption(context, ref, { reason: "TerminationByKubelet", message });
      context.events.record(pod, { type: "Warning", reason: "Evicted", message, component: "kubelet" });
      kubelet.stopPod(pod.metadata.uid, { graceSec: 0, reason: "Evicted", message });
    },
    deletePod(ref, gracePeriodSeconds) {
      deleteObject(store, { type: resourceNamed("pods"), ref }, { gracePeriodSeconds });
    },
    preempt(ref) {
      const pod = need(context, ref);
      const message = `${pod.spec.schedulerName ?? "default-scheduler"}: preempting to accommodate a higher priority pod`;
      addDisruption(context, ref, { reason: "PreemptionByScheduler", message });
      const text = `Preempted by pod 00000000-0000-0000-0000-000000000000 on node ${nodeName}`;
      context.events.record(pod, {
        type: "Normal",
        reason: "Preempted",
        message: text,
        component: "default-scheduler",
      });
      deleteObject(store, { type: resourceNamed("pods"), ref });
    },
    refuseJobPods(words) {
      context.podRefusal.words = words;
    },
    makeUnschedulable(on = true) {
      store.update("nodes", { namespace: "", name: nodeName }, (draft: KubeObject) => {
        draft["spec"] = on ? { unschedulable: true } : {};
      });
    },
  };
}

type NodeLoss = Pick<NodeFaults, "nodeLost" | "nodeBack" | "evictFromLostNode">;

function lossOfNode(context: KubeletContext): NodeLoss {
  const { store, state } = context;
  const podsHere = () => store.list("pods").filter((pod) => pod.spec.nodeName === nodeName);
  const setReady = (status: "True" | "Unknown", reason: string) =>
    store.update("nodes", { namespace: "", name: nodeName }, (draft: KubeObject) => {
      const known = draft["status"] as object;
      draft["status"] = {
        ...known,
        conditions: [{ type: "Ready", status, reason, lastTransitionTime: formatSeconds() }],
      };
    });
  return {
    nodeLost() {
      state.isLost = true;
      setReady("Unknown", "NodeStatusUnknown");
      for (const pod of podsHere()) markUnready(context, pod);
    },
    nodeBack() {
      state.isLost = false;
      setReady("True", "KubeletReady");
      // A change of each pod makes kubelet look at it again.
      for (const pod of podsHere()) {
        store.update("pods", { namespace: pod.metadata.namespace ?? "", name: pod.metadata.name }, (draft) => {
          draft.metadata.generation = (draft.metadata.generation ?? 1) + 1;
        });
      }
    },
    evictFromLostNode() {
      for (const pod of podsHere()) {
        const ref = { namespace: pod.metadata.namespace ?? "", name: pod.metadata.name };
        addDisruption(context, ref, {
          reason: "DeletionByTaintManager",
          message: "Taint manager: deleting due to NoExecute taint",
        });
        deleteObject(store, { type: resourceNamed("pods"), ref });
      }
    },
  };
}

function markUnready({ store }: KubeletContext, { metadata }: PodObject): void {
  store.update("pods", { namespace: metadata.namespace ?? "", name: metadata.name }, (draft) => {
    for (const condition of draft.status.conditions ?? []) {
      if (condition.type === "Ready" && condition.status === "True") {
        condition.status = "False";
        condition.lastTransitionTime = formatSeconds();
      }
    }
  });
}

function addDisruption(
  { store }: KubeletContext,
  ref: ObjectRef,
  { reason, message }: { reason: string; message: string },
): void {
  store.update("pods", ref, (draft) => {
    const others = (draft.status.conditions ?? []).filter(({ type }) => type !== "DisruptionTarget");
    const condition = {
      type: "DisruptionTarget",
      status: "True",
      reason,
      message,
      lastTransitionTime: formatSeconds(),
    };
    draft.status.conditions = [...others, condition];
  });
}

function need({ store }: KubeletContext, ref: ObjectRef): PodObject {
  const pod = store.get("pods", ref);
  if (!pod) throw new Error(`there is no pod ${ref.namespace}/${ref.name}`);
  return pod;
}

function allNames({ spec }: PodObject): string[] {
  return [...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name);
}
