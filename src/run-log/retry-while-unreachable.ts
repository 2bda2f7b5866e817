import { type ApiError, isApiError, isTransient } from "../cluster/api-error.ts";
import { Grace } from "../lib/grace.ts";
import { retry } from "../lib/retry.ts";
import type { RunLog } from "./run-log.ts";
import { SayAtIntervals } from "./say-at-intervals.ts";

/** While the API does not answer, the run's log says so about this often. */
const sayEveryMs = 60_000;

/** A run without a Job has done nothing that an outage could lose: after this long Paperclip tries it again later. */
const longestOutageMs = 10 * 60_000;

/**
 * Makes a call of a run that has no pod yet until the cluster answers, through an outage of up to 10 minutes.
 * The run's log says at once that the call is repeated, then about once a minute for how long by now, and once that the
 * API is back. Throws the `ApiError` of a refusal or of an outage that lasted, or the signal's reason.
 */
export async function retryWhileUnreachable<T>(
  what: string,
  { log, signal }: { log: RunLog; signal: AbortSignal },
  call: () => Promise<T>,
): Promise<T> {
  let outage: SayAtIntervals | undefined;
  const patience = new Grace(longestOutageMs);
  const sayItIsOver = async () => {
    if (outage) await log.say(`the Kubernetes API answers again (${what})`);
  };
  try {
    const result = await retry<T, ApiError>(call, {
      signal,
      isRetryable: (error): error is ApiError => isTransient(error) && !patience.noteRefusal(),
      backoff: { firstMs: 500, maxMs: 15_000 },
      retryAfterMs: (error) => error.retryAfterMs,
      onRetry: (error) => {
        outage ??= new SayAtIntervals(log, { everyMs: sayEveryMs });
        const howLong = (minutes: number) => (minutes === 0 ? "" : `, for ${minutes} min now`);
        return outage.say((minutes) => `${error.message}; still trying to ${what}${howLong(minutes)}`);
      },
    });
    await sayItIsOver();
    return result;
  } catch (error) {
    // A refusal is an answer.
    if (!signal.aborted && isApiError(error) && !error.transient) await sayItIsOver();
    throw error;
  }
}
