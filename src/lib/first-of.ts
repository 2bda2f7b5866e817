import { never } from "./until-aborted.ts";

/** Runs watchers side by side; the first to answer wins and the others are aborted. */
export async function firstOf<T>(watchers: ((signal: AbortSignal) => Promise<T>)[], outer: AbortSignal): Promise<T> {
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  const running = watchers.map((watch) => watch(signal));
  try {
    return await Promise.race(running);
  } finally {
    stop.abort(new Error("another cause came first"));
    await Promise.allSettled(running);
  }
}

/** Resolves when `event` is aborted, rejects with the reason of `signal` when that is aborted first. */
export async function aborted(event: AbortSignal, signal: AbortSignal): Promise<void> {
  await never(AbortSignal.any([event, signal])).catch(() => undefined);
  if (!event.aborted) throw signal.reason;
}
