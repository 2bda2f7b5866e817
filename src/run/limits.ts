import { defaultFollowLimits, type FollowLimits } from "../log/follow-log.ts";
import { preparationLimitMs } from "./slot.ts";

/** Every bound of a run that is not a setting, in milliseconds. Tests shorten them. */
export interface RunLimits {
  /** The cluster must say within this time whether a Job of the agent lives. */
  guardMs: number;
  /** A run waits this long for its agent's slot. */
  slotWaitMs: number;
  slotPollMs: number;
  /** A Job that is still held after this long was prepared by a process that died: resuming one takes seconds. */
  preparedMs: number;
  /** How often a namespace is looked through for Jobs of other agents that are held and will never be let go. */
  sweepEveryMs: number;
  /** Of another agent, a held Job counts as one of those after this long. */
  heldMs: number;
  /** A finished Job that is still there after this long was left by a process that died: a living one removes its own. */
  leftoverMs: number;
  /** With `reattachOrphanedJobs`: a Job that did its work this long ago and is still there has told nobody. */
  untoldMs: number;
  /** How often a waiting run says what it waits for. */
  sayEveryMs: number;
  /** A pod must have started after this long; time in a queue that holds the Job back does not count. */
  pendingMs: number;
  /** Beyond `pendingMs`, the time in which a living process gives a pod up that does not start. */
  ownerMarginMs: number;
  /** A failure that may pass, such as a pull that failed, counts after this long. */
  suspectMs: number;
  /** Without a pod this long, the Job's events are asked why. */
  noPodMs: number;
  /** A pod that is waited for is read anew after this long: its watch may be dead without a word. */
  watchTrustMs: number;
  /** Rights or credentials that are refused in the middle of a run count as lost after this long. */
  deniedMs: number;
  /** What is still to come of the log after a run was ended by something else. */
  drainMs: number;
  /** One call of Paperclip's log, after the container's end: a log that is written slowly is not given up. */
  logWriteMs: number;
  /** A pod that was to be gone and still runs this long after its grace period: nobody is there to end it. */
  overdueMs: number;
  /** The container's status, after its output is complete: it tells out of memory from an error. */
  statusMs: number;
  /** Beyond the grace period, until a stopped pod must be gone. */
  stopMarginMs: number;
  /** Paperclip waits 60 s for a cancelled run: a longer grace is cut to this (server 2026.916.1, adapter-execution-control). */
  cancelGraceMs: number;
  follow: FollowLimits;
}

export const defaultLimits: RunLimits = {
  guardMs: 15_000,
  slotWaitMs: 60 * 60_000,
  slotPollMs: 5_000,
  preparedMs: preparationLimitMs,
  sweepEveryMs: 10 * 60_000,
  heldMs: 10 * 60_000,
  leftoverMs: 10 * 60_000,
  untoldMs: 15_000,
  sayEveryMs: 60_000,
  pendingMs: 15 * 60_000,
  ownerMarginMs: 2 * 60_000,
  suspectMs: 20_000,
  noPodMs: 3_000,
  watchTrustMs: 15_000,
  deniedMs: 60_000,
  drainMs: 10_000,
  logWriteMs: 5 * 60_000,
  overdueMs: 60_000,
  statusMs: 5_000,
  stopMarginMs: 5_000,
  cancelGraceMs: 45_000,
  follow: defaultFollowLimits,
};
