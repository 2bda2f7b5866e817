import { defaultFollowLimits, type FollowLimits } from "../log/follow-log.ts";
import type { StartLimits } from "../pod/limits.ts";

/** Bounds of watching a Job from its start to its end, in milliseconds. */
export interface SuperviseLimits extends StartLimits {
  /** Rights or credentials that are refused in the middle of a run count as lost after this long. */
  deniedMs: number;
  /** What is still to come of the log after a run was ended by something else. */
  drainMs: number;
  /** One call of Paperclip's log, after the container's end: a log that is written slowly is not given up. */
  logWriteMs: number;
  /** A deleted pod that still runs this long after its grace period has lost its kubelet. */
  overdueMs: number;
  /** The container's status, after its output is complete: only it tells running out of memory from an error. */
  statusMs: number;
  /** Beyond the grace period, until a stopped pod must be gone. */
  stopMarginMs: number;
  /** Paperclip waits 60 s for a cancelled run: a longer grace is cut to this (server 2026.916.1, adapter-execution-control). */
  cancelGraceMs: number;
  /** How often it is said that OpenCode has printed nothing since its start. */
  silentSayMs: number;
  /** OpenCode is ended when it has printed nothing this long since its start, whatever the settings. */
  silentStartMs: number;
  follow: FollowLimits;
}

export const defaultSuperviseLimits: Omit<SuperviseLimits, keyof StartLimits | "deniedMs"> = {
  drainMs: 10_000,
  logWriteMs: 5 * 60_000,
  overdueMs: 60_000,
  statusMs: 5_000,
  stopMarginMs: 5_000,
  cancelGraceMs: 45_000,
  silentSayMs: 3 * 60_000,
  silentStartMs: 30 * 60_000,
  follow: defaultFollowLimits,
};
