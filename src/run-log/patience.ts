import { isApiError } from "../cluster/api-error.ts";
import { backoffMs } from "../lib/backoff.ts";
import { sleep } from "../lib/sleep.ts";
import type { RunLog } from "./run-log.ts";

/** As long as the API does not answer, whoever reads the run's log is told so about this often. */
const sayEveryMs = 60_000;

/**
 * Makes a call to the cluster until it answers, for as long as the signal lets it: an outage of the API ends no run.
 * Says that it waits, then about once a minute for how long by now, and once that the API is back.
 */
export async function patiently<T>(
  what: string,
  { log, signal }: { log: RunLog; signal: AbortSignal },
  call: () => Promise<T>,
): Promise<T> {
  const outage = createOutage(what, log);
  for (let attempt = 0; ; attempt++) {
    try {
      const result = await call();
      await outage.over();
      return result;
    } catch (error) {
      if (signal.aborted || !isApiError(error)) throw error;
      if (!error.transient) {
        await outage.over();
        throw error;
      }
      await outage.goesOn(error.message);
      await sleep(Math.max(error.retryAfterMs ?? 0, backoffMs(attempt, { firstMs: 500, maxMs: 15_000 })), signal);
    }
  }
}

function createOutage(what: string, log: RunLog) {
  let sinceMs: number | undefined;
  let saidAtMs = 0;
  return {
    async goesOn(why: string): Promise<void> {
      const nowMs = Date.now();
      if (sinceMs !== undefined && nowMs - saidAtMs < sayEveryMs) return;
      const minutes = sinceMs === undefined ? undefined : Math.round((nowMs - sinceMs) / 60_000);
      sinceMs ??= nowMs;
      saidAtMs = nowMs;
      await log.say(`${why}; still trying to ${what}${minutes === undefined ? "" : `, for ${minutes} min now`}`);
    },
    async over(): Promise<void> {
      if (sinceMs !== undefined) await log.say(`the Kubernetes API answers again (${what})`);
    },
  };
}
