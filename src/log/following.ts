import type { Cluster, Ref } from "../cluster/cluster.ts";
import type { LogLine } from "./log-line.ts";
import type { LogReader } from "./log-reader.ts";
import type { LogGap } from "./reading.ts";

/**
 * Where a container is in its life, read live: an ended stream says nothing about it.
 * `gone`: the pod does not exist any more, or another one has its name.
 */
export type ContainerPhase = "waiting" | "running" | "terminated" | "gone";

export type LogEvent =
  | { kind: "lines"; lines: LogLine[] }
  | { kind: "gap"; gap: LogGap }
  /** Lines that stand before others already told: the stream that showed those had hidden them. */
  | { kind: "late"; lines: LogLine[] }
  /** The connection was lost or refused; following goes on. */
  | { kind: "interrupted"; why: string }
  /** The right to read the log, or the credentials, were refused; following goes on for as long as its reader lets it. */
  | { kind: "denied"; why: string }
  /** No more will come. `complete`: the file was read to its end after the container had finished. */
  | { kind: "end"; complete: boolean; why: string };

export interface FollowTarget {
  pod: Ref;
  container: string;
  /** Bounded by the caller's signal; may throw `ApiError` for what passes, and is asked again then. */
  phase(signal: AbortSignal): Promise<ContainerPhase>;
  /**
   * Aborted once the container is known to have ended while its stream brings nothing: the stream is left and the file
   * read to its end. Without it that takes as long as a silent stream is waited for.
   */
  stopWaiting?: AbortSignal;
  /** Whether the lines told so far say themselves that they are all; then only what a stream may have hidden is still read. */
  concluded?(): boolean;
}

/** All in milliseconds, but for the bytes. */
export interface FollowLimits {
  /** A stream without a byte this long is opened anew; the launcher prints a sign of life more often. */
  idleMs: number;
  /** A stream is opened anew at the first chunk after this long: kubelet ends it after 4 h, some proxies after 1 h. */
  renewMs: number;
  firstRetryMs: number;
  lastRetryMs: number;
  /** A log no longer than this is resumed from its start: nothing can be hidden then, and nothing must be read again. */
  wholeFileBytes: number;
}

export const defaultFollowLimits: FollowLimits = {
  idleMs: 150_000,
  renewMs: 50 * 60_000,
  firstRetryMs: 250,
  lastRetryMs: 15_000,
  // At 250 bytes a line, less than the three seconds that a resumed stream repeats of a log of 100 lines a second.
  wholeFileBytes: 64 * 1024,
};

/** One log that is being followed, from its first stream to its last. */
export interface Following {
  cluster: Pick<Cluster, "openLog">;
  target: FollowTarget;
  limits: FollowLimits;
  signal: AbortSignal;
  reader: LogReader;
}
