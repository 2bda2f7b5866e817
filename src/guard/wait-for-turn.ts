import { RunFailure } from "../failure/failure.ts";
import { bounded } from "../lib/bounded.ts";
import { durationWords } from "../lib/duration-words.ts";
import type { RunLog } from "../run-log/run-log.ts";
import { sayUntilStopped } from "../run-log/say-at-intervals.ts";
import type { AgentQueue } from "./agent-queue.ts";
import type { GuardLimits } from "./limits.ts";

export interface TurnDeps {
  agentQueue: AgentQueue;
  limits: Pick<GuardLimits, "slotWaitMs" | "sayEveryMs">;
  log: RunLog;
  signal: AbortSignal;
}

/** Waits behind the agent's other runs in this process, in the order they came; the result lets the next one pass. */
export async function waitForTurn(
  { server, agentId }: { server: string; agentId: string },
  { agentQueue, limits, log, signal }: TurnDeps,
): Promise<() => void> {
  const key = `${server} ${agentId}`;
  const ahead = agentQueue.count(key);
  const bound = bounded(signal, limits.slotWaitMs);
  const stopSaying =
    ahead === 0
      ? undefined
      : sayUntilStopped(log, limits.sayEveryMs, () => {
          const earlier = agentQueue.count(key) - 1 || 1;
          return `waiting for ${earlier} earlier run(s) of this agent: an agent has one run at a time`;
        });
  try {
    return await agentQueue.enter(key, bound.signal);
  } catch (error) {
    if (!bound.timeUp()) throw error;
    throw new RunFailure(
      "k8s_concurrent_run_blocked",
      `This run waited ${durationWords(limits.slotWaitMs)} for earlier runs of the same agent.`,
    );
  } finally {
    stopSaying?.();
    bound.done();
  }
}
