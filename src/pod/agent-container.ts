import type { Pod } from "../cluster/cluster.ts";
import { containerName } from "../job/names.ts";

/** The state of the container that runs OpenCode, by its pod's status; undefined before kubelet has reported any. */
export function agentState(pod: Pod) {
  return pod.status?.containerStatuses?.find(({ name }) => name === containerName)?.state;
}

/** No container of the pod runs any more, nor will one. */
export function hasPodEnded(pod: Pod | undefined): boolean {
  const phase = pod?.status?.phase;
  return phase === "Succeeded" || phase === "Failed";
}

/** The agent's container has ended, whatever other containers of its pod do. */
export function hasAgentEnded(pod: Pod): boolean {
  return agentState(pod)?.terminated !== undefined || hasPodEnded(pod);
}
