import type { Pod } from "../cluster/cluster.ts";
import { containerName } from "../job/names.ts";

/** The state of the container that runs OpenCode, as its pod's status tells it; undefined before kubelet has told any. */
export function agentState(pod: Pod) {
  return pod.status?.containerStatuses?.find(({ name }) => name === containerName)?.state;
}

/** No container of the pod runs any more, nor will one. */
export function hasPodEnded(pod: Pod | undefined): boolean {
  const phase = pod?.status?.phase;
  return phase === "Succeeded" || phase === "Failed";
}
