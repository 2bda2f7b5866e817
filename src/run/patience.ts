import { isApiError } from "../cluster/api-error.ts";
import { backoffMs } from "../lib/backoff.ts";
import { sleep } from "../lib/sleep.ts";
import type { RunLog } from "./run-log.ts";

/**
 * Makes a call to the cluster until it answers, for as long as the signal lets it: an outage of the API ends no run.
 * Says once that it waits, and once that the API is back.
 */
export async function patiently<T>(
  what: string,
  { log, signal }: { log: RunLog; signal: AbortSignal },
  call: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      const result = await call();
      if (attempt > 0) await log.say(`the Kubernetes API answers again (${what})`);
      return result;
    } catch (error) {
      if (signal.aborted || !isApiError(error)) throw error;
      if (!error.passing) {
        if (attempt > 0) await log.say(`the Kubernetes API answers again (${what})`);
        throw error;
      }
      if (attempt === 0) await log.say(`${error.message}; still trying to ${what}`);
      await sleep(Math.max(error.retryAfterMs ?? 0, backoffMs(attempt, { firstMs: 500, maxMs: 15_000 })), signal);
    }
  }
}
