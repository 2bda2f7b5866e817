/** All waits of one cluster, so that stopping it ends every one of them. */
export interface Timers {
  after(ms: number, action: () => void): () => void;
  every(ms: number, action: () => void): () => void;
  /** Resolves after the time, or at once when the signal fires or the cluster stops. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  stop(): void;
  readonly stopped: boolean;
}

export function createTimers(): Timers {
  const cancels = new Set<() => void>();
  let stopped = false;

  function after(ms: number, action: () => void): () => void {
    if (stopped) return () => {};
    const timer = setTimeout(() => {
      cancels.delete(cancel);
      action();
    }, ms);
    const cancel = () => {
      clearTimeout(timer);
      cancels.delete(cancel);
    };
    cancels.add(cancel);
    return cancel;
  }

  function every(ms: number, action: () => void): () => void {
    if (stopped) return () => {};
    const timer = setInterval(action, ms);
    const cancel = () => {
      clearInterval(timer);
      cancels.delete(cancel);
    };
    cancels.add(cancel);
    return cancel;
  }

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (stopped || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        cancels.delete(done);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      cancels.add(done);
      signal?.addEventListener("abort", done, { once: true });
    });
  }

  function stop(): void {
    stopped = true;
    for (const cancel of [...cancels]) cancel();
  }

  return {
    after,
    every,
    sleep,
    stop,
    get stopped() {
      return stopped;
    },
  };
}
