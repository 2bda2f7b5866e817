import { suspensionLimitMs } from "./decide-slot.ts";

/** Bounds of the concurrency guard, in milliseconds. */
export interface GuardLimits {
  /** The cluster must say within this time whether a Job of the agent lives. */
  guardMs: number;
  /** A run waits this long for its agent's slot. */
  slotWaitMs: number;
  slotPollMs: number;
  /** A Job of this agent that is still suspended after this long was made by a process that died: resuming one takes seconds. */
  suspendedOwnMs: number;
  /** How often a namespace is looked through for suspended Jobs of other agents that will never be resumed. */
  sweepEveryMs: number;
  /** Of another agent, a suspended Job counts as one of those after this long. */
  suspendedForeignMs: number;
  /** A finished Job that is still there after this long was left by a process that died: a living one removes its own. */
  leftoverAfterMs: number;
  /** With `reattachOrphanedJobs`: the result of a Job that completed this long ago and is still there was reported by nobody. */
  unreportedAfterMs: number;
  /** A pod must have started after this long; time in a queue that keeps the Job suspended does not count. */
  pendingMs: number;
  /** Beyond `pendingMs`, the time in which a living process gives up a pod that does not start. */
  pendingGraceMs: number;
  /** Rights that are refused while a run waits count as lost after this long. */
  deniedMs: number;
  /** How often a waiting run says what it waits for. */
  sayEveryMs: number;
}

export const defaultGuardLimits: Omit<GuardLimits, "pendingMs" | "sayEveryMs"> = {
  guardMs: 15_000,
  slotWaitMs: 60 * 60_000,
  slotPollMs: 5_000,
  suspendedOwnMs: suspensionLimitMs,
  sweepEveryMs: 10 * 60_000,
  suspendedForeignMs: 10 * 60_000,
  leftoverAfterMs: 10 * 60_000,
  unreportedAfterMs: 15_000,
  pendingGraceMs: 2 * 60_000,
  deniedMs: 60_000,
};
