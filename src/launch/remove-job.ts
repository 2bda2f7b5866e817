import { type ApiError, isApiError, isTransient } from "../cluster/api-error.ts";
import type { Cluster, Pod, Ref } from "../cluster/cluster.ts";
import { refOf } from "../cluster/ref-of.ts";
import { bounded } from "../lib/bounded.ts";
import { Grace } from "../lib/grace.ts";
import { retry } from "../lib/retry.ts";

/** The longest outage of the API; after it the Job is left to its own TTL or to the agent's next run. */
const removeMs = 60 * 60_000;
/**
 * Credentials or certificates may be in rotation, a Role about to be written anew; a right that is not given is not
 * waited for.
 */
const deniedMs = 60_000;

/**
 * Removes a Job and with it its pod and Secrets, however long the API is away: a Job that has not ended would block its
 * agent's next run. `uid`: only that Job, not a later one of the name. `refused` is called with the error before each
 * repeat. Resolves to whether the Job was there.
 */
export async function removeJob(
  cluster: Pick<Cluster, "delete">,
  ref: Ref,
  { uid, refused }: { uid?: string | undefined; refused?: (error: Error) => void } = {},
): Promise<boolean> {
  const bound = bounded(new AbortController().signal, removeMs);
  const denied = new Grace(deniedMs);
  const isRetryable = (error: unknown): error is ApiError =>
    isTransient(error) || (isApiError(error, "denied", "unauthorized", "misconfigured") && !denied.noteRefusal());
  try {
    return await retry<boolean, ApiError>(
      () => cluster.delete("jobs", ref, { signal: bound.signal, ...(uid ? { uid } : {}) }),
      {
        signal: bound.signal,
        isRetryable,
        backoff: { firstMs: 500, maxMs: 15_000 },
        retryAfterMs: (error) => error.retryAfterMs,
        ...(refused ? { onRetry: refused } : {}),
      },
    );
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
  const bound = bounded(new AbortController().signal, deniedMs);
  await cluster.delete("pods", refOf(pod), { signal: bound.signal, uid: pod.metadata.uid }).finally(bound.done);
}
