import { backoffMs } from "./backoff.ts";
import { sleep } from "./sleep.ts";

export interface RetryOptions<E> {
  /** Ends the wait between two tries. The call itself has to heed it on its own. */
  signal: AbortSignal;
  /** Whether the same call may succeed later; any other error is thrown at once. */
  isRetryable(error: unknown): error is E;
  /** Milliseconds before the first repeat, and the most that doubling comes to. */
  backoff: { firstMs: number; maxMs: number };
  /** Milliseconds that the other side asks to wait, by `Retry-After`: the longer of the two waits counts. */
  retryAfterMs?(error: E): number | undefined;
  /** Called before each wait. What it throws ends the retry. */
  onRetry?(error: E): void | Promise<void>;
}

/**
 * Makes a call until it succeeds, with growing waits between the tries.
 *
 * Throws the call's error when it is not retryable or the signal is aborted by then, and the signal's reason when it is
 * aborted during a wait. The bound in time is the signal's.
 */
export async function retry<T, E>(call: () => Promise<T>, options: RetryOptions<E>): Promise<T> {
  const { signal, isRetryable, backoff, retryAfterMs, onRetry } = options;
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (signal.aborted || !isRetryable(error)) throw error;
      await onRetry?.(error);
      await sleep(Math.max(retryAfterMs?.(error) ?? 0, backoffMs(attempt, backoff)), signal);
    }
  }
}
