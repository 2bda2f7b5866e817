import { isApiError } from "../cluster/api-error.ts";
import type { Cluster, Job } from "../cluster/cluster.ts";
import { refOf } from "../cluster/ref-of.ts";
import { isRunFailure, RunFailure } from "../failure/failure.ts";
import { agentSelector } from "../job/names.ts";
import { bounded } from "../lib/bounded.ts";
import { durationWords } from "../lib/duration-words.ts";
import { Grace } from "../lib/grace.ts";
import { sleep } from "../lib/sleep.ts";
import type { RunLog } from "../run-log/run-log.ts";
import { SayAtIntervals } from "../run-log/say-at-intervals.ts";
import { decideSlot, type Holder, leftoverJobs, type Slot } from "./decide-slot.ts";
import type { GuardLimits } from "./limits.ts";

export interface SlotRequest {
  namespace: string;
  agentId: string;
  ownJobs: readonly string[];
  reattach: { taskId: string | undefined } | undefined;
}

export interface SlotDeps {
  cluster: Pick<Cluster, "list" | "delete">;
  log: RunLog;
  limits: GuardLimits;
  /** UIDs of Jobs and pods whose result was already returned to Paperclip, though the cluster may still show them as running. */
  reportedUids: { has(uid: string): boolean };
  signal: AbortSignal;
}

/**
 * Waits until no Job and no pod of the agent lives, or there is one to take over. Fails when the cluster does not answer
 * in time: an agent never has two Jobs because one could not be seen.
 */
export async function takeSlot(request: SlotRequest, deps: SlotDeps): Promise<Exclude<Slot, { kind: "taken" }>> {
  const { limits, log, signal } = deps;
  const sinceMs = Date.now();
  const waits = new SayAtIntervals(log, { everyMs: limits.sayEveryMs });
  const lastKnown = new LastKnownHolders(limits.deniedMs);
  for (let looks = 0; ; looks++) {
    const { slot, leftovers } = await look(request, deps).then(
      (found) => lastKnown.update(found),
      (error: unknown) => lastKnown.insteadOf(error),
    );
    if (slot.kind !== "taken") {
      const others = leftovers.filter((job) => slot.kind === "free" || job !== slot.job);
      await remove(others, "whose run has ended and whose process died before it could remove it", deps);
      return slot;
    }
    await remove(slot.stale, "which a process that died has left behind", deps);
    const waitedMs = Date.now() - sinceMs;
    if (waitedMs >= limits.slotWaitMs) throw blocked(slot.by, limits.slotWaitMs);
    const waitsForLiving = slot.by.length > slot.stale.length || looks > 0;
    if (waitsForLiving)
      await waits.say(() => `waiting for ${describe(slot.by)} to end: an agent has one run at a time`);
    // A Job that was just stopped is gone in a moment; one that works may be there for hours.
    await sleep(Math.min(limits.slotPollMs, firstPollMs * 2 ** Math.min(looks, 10)), signal);
  }
}

const firstPollMs = 250;

interface Look {
  slot: Slot;
  leftovers: readonly Job[];
}

/** Who has the agent's slot, as a waiting run last saw it: that stands while the run cannot look. */
class LastKnownHolders {
  readonly #denied: Grace;
  #by: readonly Holder[] | undefined;

  constructor(deniedMs: number) {
    this.#denied = new Grace(deniedMs);
  }

  update(found: Look): Look {
    this.#by = found.slot.kind === "taken" ? found.slot.by : undefined;
    this.#denied.noteSuccess();
    return found;
  }

  /** An outage, or a Role that is written anew, changes nothing for a run that waits for another's Job: it goes on waiting. */
  insteadOf(error: unknown): Look {
    const transient =
      isRunFailure(error, "k8s_concurrency_guard_unreachable") ||
      (isRunFailure(error, "k8s_permission_denied") && !this.#denied.noteRefusal());
    if (!this.#by || !transient) throw error;
    return { slot: { kind: "taken", by: [...this.#by], stale: [] }, leftovers: [] };
  }
}

async function look({ namespace, agentId, ownJobs, reattach }: SlotRequest, deps: SlotDeps): Promise<Look> {
  const { cluster, limits, reportedUids, signal } = deps;
  const bound = bounded(signal, limits.guardMs);
  const options = { labelSelector: agentSelector(agentId), signal: bound.signal, timeoutMs: limits.guardMs };
  try {
    const [jobs, pods] = await Promise.all([
      cluster.list("jobs", namespace, options),
      cluster.list("pods", namespace, options),
    ]);
    const startLimitMs = limits.pendingMs + limits.pendingGraceMs;
    const nowMs = Date.now();
    const slot = decideSlot({
      jobs: jobs.items,
      pods: pods.items,
      ownJobs,
      reattach,
      reportedUids,
      nowMs,
      startLimitMs,
      suspendedOwnMs: limits.suspendedOwnMs,
      leftoverAfterMs: limits.leftoverAfterMs,
      unreportedAfterMs: limits.unreportedAfterMs,
    });
    return { slot, leftovers: leftoverJobs(jobs.items, { nowMs, leftoverAfterMs: limits.leftoverAfterMs }) };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (isApiError(error, "denied", "unauthorized")) {
      throw new RunFailure(
        "k8s_permission_denied",
        `The agent's Jobs and pods cannot be listed: namespace ${namespace} lacks the Role, or does not exist. ${error.message}.`,
        { cause: error },
      );
    }
    if (!bound.timeUp() && !isApiError(error)) throw error;
    throw new RunFailure(
      "k8s_concurrency_guard_unreachable",
      `The cluster did not say within ${limits.guardMs / 1000} s whether a Job of this agent runs: ${(error as Error).message}`,
      { cause: error },
    );
  } finally {
    bound.done();
  }
}

/** The agent's next look repeats a delete that failed. */
async function remove(jobs: readonly Job[], why: string, { cluster, log, signal }: SlotDeps): Promise<void> {
  for (const job of jobs) {
    const ref = refOf(job);
    const uid = job.metadata?.uid;
    try {
      await cluster.delete("jobs", ref, { signal, ...(uid ? { uid } : {}) });
      await log.say(`removed Job ${ref.name}, ${why}`);
    } catch (error) {
      if (signal.aborted || !isApiError(error)) throw error;
    }
  }
}

function blocked(by: readonly Holder[], waitedMs: number): RunFailure {
  return new RunFailure(
    "k8s_concurrent_run_blocked",
    `This run waited ${durationWords(waitedMs)} for ${describe(by)} of the same agent.`,
  );
}

function describe(by: readonly Holder[]): string {
  return by.map(({ name, runId }) => `${name} (run ${runId})`).join(", ");
}
