/** A timer of Node's holds 24.8 days at most; a longer one would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** Waits `ms` milliseconds, however many; rejects with the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let timer: NodeJS.Timeout;
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const wait = (leftMs: number) => {
      timer = setTimeout(
        () => {
          if (leftMs > longestTimerMs) return wait(leftMs - longestTimerMs);
          signal.removeEventListener("abort", onAbort);
          resolve();
        },
        Math.min(leftMs, longestTimerMs),
      );
    };
    wait(ms);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
