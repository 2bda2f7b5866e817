import { bounded } from "../lib/bounded.ts";
import type { Deps } from "./deps.ts";
import { RunFailure } from "./failure.ts";
import type { RunRequest } from "./read-request.ts";
import type { RunLog } from "./run-log.ts";

/** Waits behind the agent's other runs in this process, in the order they came; the result lets the next one pass. */
export async function waitInLine(
  { cluster, execution }: Pick<RunRequest, "cluster" | "execution">,
  { deps, log, signal }: { deps: Deps; log: RunLog; signal: AbortSignal },
): Promise<() => void> {
  const key = `${cluster.server} ${execution.agent.id}`;
  const ahead = deps.turnstile.count(key);
  const bound = bounded(signal, deps.limits.slotWaitMs);
  const say = () =>
    deps.background(
      "say what a run waits for",
      log.say(
        `waiting for ${deps.turnstile.count(key) - 1 || 1} earlier run(s) of this agent: an agent has one run at a time`,
      ),
    );
  const timer = setInterval(say, deps.limits.sayEveryMs);
  try {
    if (ahead > 0) say();
    return await deps.turnstile.enter(key, bound.signal);
  } catch (error) {
    if (!bound.timeUp()) throw error;
    const minutes = Math.round(deps.limits.slotWaitMs / 60_000);
    throw new RunFailure(
      "k8s_concurrent_run_blocked",
      `This run waited ${minutes} minutes for earlier runs of the same agent.`,
    );
  } finally {
    clearInterval(timer);
    bound.done();
  }
}
