import { isApiError } from "../cluster/api-error.ts";
import type { Cluster, Pod, Ref } from "../cluster/cluster.ts";
import { backoffMs } from "../lib/backoff.ts";
import { bounded } from "../lib/bounded.ts";
import { sleep } from "../lib/sleep.ts";

/** As long as an outage may last before a Job is left to its own time to live or to the agent's next run. */
const patienceMs = 60 * 60_000;
/** Credentials may be in rotation, a Role about to be written anew; a right that is not given is not waited for. */
const deniedMs = 60_000;

/**
 * Removes a Job and with it its pod and Secrets, however long the API is away: a Job that has not ended would hold its
 * agent's slot. `uid`: only that Job, not a later one of the name. `refused` is told why it is tried again. Resolves to
 * whether the Job was there.
 */
export async function removeJob(
  cluster: Pick<Cluster, "delete">,
  ref: Ref,
  { uid, refused }: { uid?: string | undefined; refused?: (error: Error) => void } = {},
): Promise<boolean> {
  const bound = bounded(new AbortController().signal, patienceMs);
  const startedAtMs = Date.now();
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        return await cluster.delete("jobs", ref, { signal: bound.signal, ...(uid ? { uid } : {}) });
      } catch (error) {
        if (bound.signal.aborted || !isApiError(error)) throw error;
        const rights = isApiError(error, "denied", "unauthorized") && Date.now() - startedAtMs < deniedMs;
        if (!error.transient && !rights) throw error;
        refused?.(error);
        await sleep(backoffMs(attempt, { firstMs: 500, maxMs: 15_000 }), bound.signal);
      }
    }
  } finally {
    bound.done();
  }
}

/** Removes a run's Job; where somebody took the Job away and left its pod behind (`--cascade=orphan`), the pod. */
export async function removeRun(
  cluster: Pick<Cluster, "delete">,
  ref: Ref,
  { uid, pod }: { uid: string | undefined; pod: Pod | undefined },
): Promise<void> {
  if ((await removeJob(cluster, ref, { uid })) || !pod?.metadata?.uid) return;
  const { namespace = "", name = "", uid: podUid } = pod.metadata;
  const bound = bounded(new AbortController().signal, deniedMs);
  await cluster.delete("pods", { namespace, name }, { signal: bound.signal, uid: podUid }).finally(bound.done);
}
