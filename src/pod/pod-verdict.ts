import type { Pod } from "../cluster/cluster.ts";
import type { FailureCode } from "../failure/failure.ts";
import { isPlainBackOff } from "./classify-pull.ts";
import { type Patience, waitingReason } from "./waiting-reasons.ts";

/** What a pod's state means for its run. Times are the cluster's. */
export type PodVerdict =
  /** It may still start; `why` is what it waits for, `suspect` a failure it turns into when it lasts. */
  | { kind: "waiting"; why: string; suspect?: Suspect }
  | { kind: "running"; startedAt: string | undefined }
  | { kind: "exited"; exitCode: number; reason: string | undefined; message: string | undefined }
  /** It will not come to an end of its own. */
  | { kind: "failed"; failure: PodFailure };

export interface PodFailure {
  code: FailureCode;
  message: string;
}

export interface Suspect extends PodFailure {
  patience: Exclude<Patience, "final">;
  /** The kubelet says only that it waits before it tries again: what it said before counts. */
  isBackOff: boolean;
}

type ContainerStatus = NonNullable<NonNullable<Pod["status"]>["containerStatuses"]>[number];

/** Decides from the pod alone. `container` is the agent's. */
export function podVerdict(pod: Pod, container: string): PodVerdict {
  const status = pod.status?.containerStatuses?.find(({ name }) => name === container);
  const terminated = status?.state?.terminated;
  const disrupted = disruption(pod);
  if (terminated && terminated.reason !== "ContainerStatusUnknown") {
    if (disrupted) return { kind: "failed", failure: disrupted };
    // The kubelet ended it: past the pod's deadline, or with the node. An agent that was done by then stays done.
    if (terminated.exitCode !== 0 && failureOfReason[pod.status?.reason ?? ""]) {
      return { kind: "failed", failure: podFailure(pod) };
    }
    return startFailure(status) ?? { kind: "exited", ...pick(terminated) };
  }
  if (pod.status?.phase === "Failed") {
    return (disrupted ? undefined : initFailure(pod)) ?? { kind: "failed", failure: disrupted ?? podFailure(pod) };
  }
  if (status?.state?.running) return { kind: "running", startedAt: status.state.running.startedAt };
  return initFailure(pod) ?? waiting(pod, status);
}

function pick({ exitCode, reason, message }: { exitCode: number; reason?: string; message?: string }) {
  return { exitCode, reason, message };
}

/** Somebody other than this run ends the pod (API: condition DisruptionTarget, since 1.26), or deletes it. */
export function disruption(pod: Pod): PodFailure | undefined {
  const condition = pod.status?.conditions?.find(
    ({ type, status }) => type === "DisruptionTarget" && status === "True",
  );
  const said = condition?.message ? `: ${condition.message}` : "";
  switch (condition?.reason) {
    case "PreemptionByScheduler":
      return { code: "k8s_pod_preempted", message: `The pod had to make room for a more important one${said}.` };
    case "DeletionByTaintManager":
    case "DeletionByPodGC":
      return { code: "k8s_node_lost", message: `The pod's node ${pod.spec?.nodeName ?? ""} was lost${said}.` };
    case "EvictionByEvictionAPI":
    case "TerminationByKubelet":
      return { code: "k8s_pod_evicted", message: `The pod was evicted from its node${said}.` };
  }
  if (pod.status?.reason === "Evicted") return podFailure(pod);
  if (pod.metadata?.deletionTimestamp === undefined) return undefined;
  return { code: "k8s_pod_deleted", message: `The run's pod ${pod.metadata.name} was deleted from outside.` };
}

const failureOfReason: Record<string, FailureCode> = {
  Evicted: "k8s_pod_evicted",
  Preempting: "k8s_pod_preempted",
  NodeLost: "k8s_node_lost",
  NodeShutdown: "k8s_node_lost",
  Terminated: "k8s_node_lost",
  Shutdown: "k8s_node_lost",
  DeadlineExceeded: "timeout",
  NodeAffinity: "k8s_pod_unschedulable",
  UnexpectedAdmissionError: "k8s_pod_unschedulable",
};

/** A pod that the kubelet refused or gave up, without a word of the container. */
function podFailure(pod: Pod): PodFailure {
  const { reason = "", message = "" } = pod.status ?? {};
  const code =
    failureOfReason[reason] ?? (reason.startsWith("OutOf") ? "k8s_pod_unschedulable" : "k8s_outcome_unknown");
  return { code, message: `The pod failed${reason ? ` (${reason})` : ""}${message ? `: ${message}` : ""}` };
}

/** The container never ran: a bad command, mount or user. */
function startFailure(status: ContainerStatus): PodVerdict | undefined {
  const terminated = status.state?.terminated;
  if (terminated?.reason !== "StartError" && terminated?.reason !== "ContainerCannotRun") return undefined;
  return {
    kind: "failed",
    failure: {
      code: "k8s_container_start_failed",
      message: `The container could not start: ${terminated.message ?? terminated.reason}`,
    },
  };
}

function initFailure(pod: Pod): PodVerdict | undefined {
  for (const { name, state } of pod.status?.initContainerStatuses ?? []) {
    const { exitCode, reason, message } = state?.terminated ?? {};
    if (exitCode !== undefined && exitCode !== 0 && !isSidecar(pod, name)) {
      const text = `Init container "${name}" ended with code ${exitCode}${reason ? ` (${reason})` : ""}${message ? `: ${message}` : ""}`;
      return { kind: "failed", failure: { code: "k8s_init_container_failed", message: text } };
    }
  }
  return undefined;
}

/** A native sidecar: the kubelet starts it again whenever it ends (API: init container with restartPolicy Always, since 1.29). */
function isSidecar({ spec }: Pod, name: string): boolean {
  return spec?.initContainers?.find((container) => container.name === name)?.restartPolicy === "Always";
}

function waiting(pod: Pod, status: ContainerStatus | undefined): PodVerdict {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(status ? [status] : [])];
  for (const { name, image, state } of statuses) {
    const { reason = "", message = "" } = state?.waiting ?? {};
    const known = waitingReason(reason, message);
    if (!known) continue;
    const text = `${known.meaning} (${reason}, container "${name}", image ${image})${message ? `: ${message}` : ""}`;
    const found = { code: known.code, message: text };
    if (known.patience === "final") return { kind: "failed", failure: found };
    const suspect = { ...found, patience: known.patience, isBackOff: isPlainBackOff(reason, message) };
    return { kind: "waiting", why: text, suspect };
  }
  return restartedSidecar(pod) ?? scheduling(pod);
}

/**
 * A sidecar that ends again and again counts as failing until it has started. In a pod with restartPolicy Never the kubelet
 * shows it as ended while it backs off, never as CrashLoopBackOff (seen with 1.34); where it does, those words count.
 */
function restartedSidecar(pod: Pod): PodVerdict | undefined {
  for (const { name, image, started, restartCount, state, lastState } of pod.status?.initContainerStatuses ?? []) {
    if (!isSidecar(pod, name) || started === true || !restartCount) continue;
    const { exitCode, reason } = state?.terminated ?? lastState?.terminated ?? {};
    const ended = exitCode === undefined ? "" : `: it last ended with code ${exitCode}${reason ? ` (${reason})` : ""}`;
    const text = `A sidecar does not come up (container "${name}", image ${image}, restarted ${restartCount} times)${ended}`;
    const suspect = { code: "k8s_init_container_failed", message: text, patience: "long", isBackOff: true } as const;
    return { kind: "waiting", why: text, suspect };
  }
  return undefined;
}

/** Not a failure until the limit: an autoscaler may bring a node, a provisioner a volume. */
function scheduling(pod: Pod): PodVerdict {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") {
    const volume = /persistentvolumeclaim|volume/i.test(scheduled.message ?? "");
    return {
      kind: "waiting",
      why: `${volume ? "a volume or a node" : "a node"}: ${scheduled.message ?? scheduled.reason ?? "not scheduled yet"}`,
    };
  }
  if (!pod.spec?.nodeName) return { kind: "waiting", why: "a node" };
  return { kind: "waiting", why: `the pod to start on node ${pod.spec.nodeName} (images, volumes)` };
}
