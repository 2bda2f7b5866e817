import { unlessDenied } from "../cluster/api-error.ts";
import type { Cluster, Pod } from "../cluster/cluster.ts";
import { refOf } from "../cluster/ref-of.ts";
import { bounded } from "../lib/bounded.ts";
import { sleep } from "../lib/sleep.ts";

export interface EndContainerLimits {
  /** The kubelet's status follows a container's end within this time. */
  statusMs: number;
  /** For asking and deleting, when the API is away. */
  patienceMs: number;
}

export const defaultEndContainerLimits: EndContainerLimits = { statusMs: 5_000, patienceMs: 60_000 };

/**
 * Sees to it that a run's pod ends when its run has. The agent can read the nonce of its launcher's marks and print an
 * end of its own: its container would live on with the run's key, while the agent's slot counts as free.
 *
 * Resolves to whether the pod had to be ended. `hasEnded` judges the pod that is read.
 */
export async function endContainer(
  pod: Pod,
  hasEnded: (pod: Pod) => boolean,
  {
    cluster,
    limits = defaultEndContainerLimits,
  }: { cluster: Pick<Cluster, "read" | "delete">; limits?: EndContainerLimits },
): Promise<boolean> {
  if (hasEnded(pod)) return false;
  const bound = bounded(new AbortController().signal, limits.statusMs + limits.patienceMs);
  try {
    await sleep(limits.statusMs, bound.signal);
    // Who may not read pods may not judge them: the Job's removal has to do.
    const now = await cluster.read("pods", refOf(pod), { signal: bound.signal }).catch(unlessDenied);
    const uid = pod.metadata?.uid;
    if (now === undefined || now.metadata?.uid !== uid || hasEnded(now)) return false;
    return await cluster.delete("pods", refOf(pod), {
      signal: bound.signal,
      gracePeriodSeconds: 1,
      ...(uid ? { uid } : {}),
    });
  } finally {
    bound.done();
  }
}
