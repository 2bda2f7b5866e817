import { isApiError } from "../cluster/api-error.ts";
import { backoffMs } from "../lib/backoff.ts";
import { sleep } from "../lib/sleep.ts";
import type { ContainerPhase, FollowTarget, LogEvent } from "./following.ts";

/** Asks until there is an answer: without knowing the container's phase nothing can be concluded from the log. */
export async function* askPhase(target: FollowTarget, signal: AbortSignal): AsyncGenerator<LogEvent, ContainerPhase> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await target.phase(signal);
    } catch (error) {
      // Somebody may mend what nobody can connect with, such as a certificate: the container's output is worth the wait.
      const isWaitedFor = isApiError(error) && (error.transient || error.kind === "misconfigured");
      if (signal.aborted || !isWaitedFor) throw error;
      yield { kind: "interrupted", why: error.message };
      const wait = backoffMs(attempt, { firstMs: 500, maxMs: 10_000 });
      await sleep(Math.max(wait, error.retryAfterMs ?? 0), signal);
    }
  }
}
