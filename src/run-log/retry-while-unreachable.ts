import { isApiError, isTransient } from "../cluster/api-error.ts";
import { retry } from "../lib/retry.ts";
import type { RunLog } from "./run-log.ts";
import { SayAtIntervals } from "./say-at-intervals.ts";

/** While the API does not answer, the run's log says so about this often. */
const sayEveryMs = 60_000;

/**
 * Makes a call to the cluster until it answers, for as long as the signal lets it: an outage of the API ends no run.
 * The run's log says at once that the call is repeated, then about once a minute for how long by now, and once that the
 * API is back. Throws the `ApiError` of a refusal, or the signal's reason.
 */
export async function retryWhileUnreachable<T>(
  what: string,
  { log, signal }: { log: RunLog; signal: AbortSignal },
  call: () => Promise<T>,
): Promise<T> {
  let outage: SayAtIntervals | undefined;
  const sayItIsOver = async () => {
    if (outage) await log.say(`the Kubernetes API answers again (${what})`);
  };
  try {
    const result = await retry(call, {
      signal,
      isRetryable: isTransient,
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
    if (!signal.aborted && isApiError(error)) await sayItIsOver();
    throw error;
  }
}
