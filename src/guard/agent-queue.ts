import { untilAborted } from "../lib/until-aborted.ts";

/** Lets one at a time through, in the order they came. */
export interface AgentQueue {
  /**
   * Resolves when it is this caller's turn; the result must be called to let the next one in.
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
    async enter(key, signal) {
      const turn = Promise.withResolvers<void>();
      const ticket = () => turn.resolve();
      const queue = queues.get(key) ?? [];
      queues.set(key, queue);
      queue.push(ticket);
      if (queue.length === 1) ticket();
      try {
        await untilAborted(turn.promise, signal);
      } catch (error) {
        leave(key, ticket);
        throw error;
      }
      return () => leave(key, ticket);
    },
  };
}
