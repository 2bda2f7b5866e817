/** Lets one at a time through, in the order they came. */
export interface AgentQueue {
  /**
   * Resolves when it is this caller's turn; the result must be called when the next may pass.
   * Rejects with the signal's reason when it is aborted while waiting.
   */
  enter(key: string, signal: AbortSignal): Promise<() => void>;
  /** How many wait or are inside. */
  count(key: string): number;
}

export function createAgentQueue(): AgentQueue {
  const queues = new Map<string, (() => void)[]>();

  const leave = (key: string, ticket: () => void) => {
    const queue = queues.get(key) ?? [];
    const wasFirst = queue[0] === ticket;
    const rest = queue.filter((other) => other !== ticket);
    if (rest.length === 0) queues.delete(key);
    else queues.set(key, rest);
    if (wasFirst) rest[0]?.();
  };

  return {
    count: (key) => queues.get(key)?.length ?? 0,
    enter: (key, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const queue = queues.get(key) ?? [];
        queues.set(key, queue);
        const onAbort = () => {
          leave(key, ticket);
          reject(signal.reason);
        };
        const ticket = () => {
          signal.removeEventListener("abort", onAbort);
          resolve(() => leave(key, ticket));
        };
        signal.addEventListener("abort", onAbort, { once: true });
        queue.push(ticket);
        if (queue.length === 1) ticket();
      }),
  };
}
