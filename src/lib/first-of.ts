/** Runs watchers side by side; the first to answer wins and the others are told to stop. */
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

/** Resolves when `event` is aborted, rejects when `signal` is. */
export function aborted(event: AbortSignal, signal: AbortSignal): Promise<void> {
  if (event.aborted) return Promise.resolve();
  return new Promise((resolve, reject) => {
    event.addEventListener("abort", () => resolve(), { once: true, signal });
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

export function never<T>(signal: AbortSignal): Promise<T> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
