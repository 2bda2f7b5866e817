import { longestTimerMs } from "./sleep.ts";

/** What a bounded signal aborts with when its time is up. */
export class TimeUp extends Error {
  override readonly name = "TimeUp";
}

/** A signal with a bound in time. `done` must be called when the work is over, or the timer stays. */
export interface Bounded {
  signal: AbortSignal;
  /** Whether the bound, not the outer signal, ended it. */
  timeUp(): boolean;
  done(): void;
}

/**
 * Joins a signal with a time limit in milliseconds, of which at most the longest that a timer holds counts.
 *
 * `AbortSignal.timeout` would do, but its timer keeps running after the work is over (Node 24), and thousands of
 * short requests would hold thousands of timers.
 */
export function bounded(outer: AbortSignal, ms: number): Bounded {
  const controller = new AbortController();
  const limitMs = Math.min(ms, longestTimerMs);
  const timer = setTimeout(() => controller.abort(new TimeUp(`no answer within ${limitMs} ms`)), limitMs);
  const onAbort = () => controller.abort(outer.reason);
  if (outer.aborted) onAbort();
  else outer.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    timeUp: () => controller.signal.reason instanceof TimeUp,
    done: () => {
      clearTimeout(timer);
      outer.removeEventListener("abort", onAbort);
    },
  };
}
