/**
 * Waits for work that knows no signal, or does not heed it at every step: rejects with the signal's reason as soon as
 * that is aborted, and leaves no listener on a signal that outlives the work.
 *
 * Nobody hears how abandoned work ends. What it still brings is given to `discard`.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal, discard?: (late: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let abandoned = false;
    const onAbort = () => {
      abandoned = true;
      reject(signal.reason);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    work.then(
      (value) => {
        signal.removeEventListener("abort", onAbort);
        if (abandoned) discard?.(value);
        else resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener("abort", onAbort);
        reject(error);
      },
    );
  });
}

/** Has no end of its own: rejects with the signal's reason when that is aborted. */
export function never<T>(signal: AbortSignal): Promise<T> {
  return untilAborted(new Promise<T>(() => {}), signal);
}
