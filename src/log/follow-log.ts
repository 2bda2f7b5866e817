import { isApiError } from "../cluster/api-error.ts";
import type { Cluster, Ref } from "../cluster/cluster.ts";
import { backoffMs } from "../lib/backoff.ts";
import { sleep } from "../lib/sleep.ts";
import type { LogLine } from "./log-line.ts";
import { LogReader } from "./log-reader.ts";
import { LogStream, type StreamEnd } from "./log-stream.ts";
import type { LogGap, Reading } from "./reading.ts";

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
   * Aborted when the container is known to have ended while its stream brings nothing: it is left, and the file read to
   * its end. Without it that takes as long as a silent stream is waited for.
   */
  stopWaiting?: AbortSignal;
  /** Whether the lines told so far say themselves that they are all; then only what a stream may have hidden is still read. */
  concluded?(): boolean;
}

export interface FollowLimits {
  /** A stream without a byte this long is opened anew; the launcher prints a sign of life more often. */
  idleMs: number;
  /** A stream is opened anew at the first chunk after this long: kubelet ends it after 4 h, some proxies after 1 h. */
  renewMs: number;
  firstRetryMs: number;
  lastRetryMs: number;
}

export const defaultFollowLimits: FollowLimits = {
  idleMs: 150_000,
  renewMs: 50 * 60_000,
  firstRetryMs: 250,
  lastRetryMs: 15_000,
};

/** A connection that lived this long counts as healthy: the next failure starts again with the shortest wait. */
const healthyMs = 60_000;
/** Tries to read the log of a finished container before what is missing is given up. */
const finalTries = 8;
/** kubelet sends what stands in the file at once: a resumed stream that stays silent this long has shown it. */
const quietMs = 3_000;

/**
 * Follows one container's log from its first line to its last, each line once and in order, across whatever breaks
 * on the way. Ends with one `end` event, or rejects with the signal's reason.
 */
export async function* followLog(
  cluster: Pick<Cluster, "openLog">,
  target: FollowTarget,
  { signal, limits = defaultFollowLimits }: { signal: AbortSignal; limits?: FollowLimits },
): AsyncGenerator<LogEvent, void, void> {
  const following = { cluster, target, limits, signal, reader: new LogReader() };
  let failures = 0;
  for (;;) {
    const phase = yield* phaseOf(target, signal);
    if (phase === "gone") return yield { kind: "end", complete: false, why: "the pod is gone" };
    if (phase === "terminated") return yield* readToEnd(following);
    const openedAt = Date.now();
    const end = yield* readStream(following, { follow: true });
    if (end.kind === "concluded") return yield* conclude(following);
    if (end.kind === "denied") yield end;
    if (end.kind === "failed" || end.kind === "silent") yield { kind: "interrupted", why: end.why };
    failures = Date.now() - openedAt > healthyMs ? 0 : failures + 1;
    await sleep(waitMs(end, failures, limits), signal);
  }
}

interface Following {
  cluster: Pick<Cluster, "openLog">;
  target: FollowTarget;
  limits: FollowLimits;
  signal: AbortSignal;
  reader: LogReader;
}

type ReadingEnd = StreamEnd | { kind: "renewed" | "concluded" };

function waitMs(end: ReadingEnd, failures: number, limits: FollowLimits): number {
  if (end.kind === "renewed" || (end.kind === "ended" && failures <= 1)) return 0;
  const wait = backoffMs(failures, {
    firstMs: limits.firstRetryMs,
    maxMs: end.kind === "waiting" ? 1_000 : limits.lastRetryMs,
  });
  return end.kind === "failed" ? Math.max(wait, end.retryAfterMs ?? 0) : wait;
}

/** Asks until there is an answer: without knowing the container's phase nothing can be concluded from the log. */
async function* phaseOf(target: FollowTarget, signal: AbortSignal): AsyncGenerator<LogEvent, ContainerPhase> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await target.phase(signal);
    } catch (error) {
      // Somebody may mend what nobody can connect with, such as a certificate: the container's output is worth the wait.
      const mayPass = isApiError(error) && (error.transient || error.kind === "misconfigured");
      if (signal.aborted || !mayPass) throw error;
      yield { kind: "interrupted", why: error.message };
      const wait = backoffMs(attempt, { firstMs: 500, maxMs: 10_000 });
      await sleep(Math.max(wait, error.retryAfterMs ?? 0), signal);
    }
  }
}

/** Reads one stream until it ends, breaks or is due for renewal. */
async function* readStream(
  following: Following,
  { follow }: { follow: boolean },
): AsyncGenerator<LogEvent, ReadingEnd> {
  const { cluster, target, limits, signal, reader } = following;
  const { pod, container } = target;
  const openedAt = Date.now();
  const sinceTime = reader.open();
  const stream = new LogStream({
    pod,
    container,
    follow,
    sinceTime,
    idleMs: limits.idleMs,
    signal,
    stopWaiting: target.stopWaiting,
  });
  const patience = () => (asks || reader.hasUndecided ? Math.min(quietMs, limits.idleMs / 2) : undefined);
  let asks = follow && sinceTime !== undefined;
  try {
    if (!(await stream.open(cluster))) return stream.end;
    for (;;) {
      const chunk = await stream.next(patience());
      if (chunk === "end") return endOf(stream.end, reader, follow);
      if (chunk === "quiet" && asks && (await hasEnded(target, signal))) return { kind: "ended" };
      if (chunk === "quiet") asks = false;
      const reading = chunk === "quiet" ? reader.settle() : reader.push(chunk);
      yield* eventsOf(reading);
      if (reading.broken !== undefined) return { kind: "failed", why: reading.broken };
      const reason = reasonToLeave(following, follow ? openedAt : undefined);
      if (reason) return reason;
    }
  } finally {
    stream.close();
  }
}

function reasonToLeave({ target, limits }: Following, openedAt: number | undefined): ReadingEnd | undefined {
  if (target.concluded?.()) return { kind: "concluded" };
  return openedAt !== undefined && Date.now() - openedAt > limits.renewMs ? { kind: "renewed" } : undefined;
}

/** A stream that was opened while the container ended may stay open for ever (seen with 1.34): it is asked once. */
async function hasEnded(target: FollowTarget, signal: AbortSignal): Promise<boolean> {
  try {
    return (await target.phase(signal)) === "terminated";
  } catch {
    if (signal.aborted) throw signal.reason;
    return false;
  }
}

/** An end without a word is kubelet's or a proxy's; with words in the place of a line it is an error. */
function endOf(end: StreamEnd, reader: LogReader, follow: boolean): StreamEnd {
  if (end.kind === "silent") reader.requireFullRead();
  const words = end.kind === "ended" && follow ? reader.lastWords() : undefined;
  return words === undefined ? end : { kind: "failed", why: words };
}

function* eventsOf(reading: Reading): Generator<LogEvent> {
  for (const gap of reading.gaps) yield { kind: "gap", gap };
  if (reading.late.length > 0) yield { kind: "late", lines: reading.late };
  if (reading.lines.length > 0) yield { kind: "lines", lines: reading.lines };
}

/** The output says that it is complete. What streams from a time on may have hidden of it stands in the file. */
async function* conclude(following: Following): AsyncGenerator<LogEvent, void, void> {
  if (following.reader.mayHide) return yield* readToEnd(following);
  yield { kind: "end", complete: true, why: "the output says so" };
}

/**
 * Reads the whole file of a finished container until that brings nothing new. Where a connection does not live long
 * enough for that, what is missing is read first: that is shorter.
 */
async function* readToEnd(following: Following): AsyncGenerator<LogEvent, void, void> {
  const { reader, limits, signal, target } = following;
  let why: string | undefined;
  for (let tries = 0; tries < finalTries; tries++) {
    const told = reader.emittedCount;
    const result: FileReading = yield* readFile(following, { whole: why === undefined });
    if (result.kind === "settled") return yield { kind: "end", complete: true, why: "read to the end" };
    why = result.kind === "more" ? undefined : result.why;
    if (result.kind === "denied") yield result;
    if (result.kind === "failed") yield { kind: "interrupted", why: result.why };
    if (reader.emittedCount > told || result.kind === "denied") tries = 0;
    await sleep(backoffMs(tries, { firstMs: limits.firstRetryMs, maxMs: why ? limits.lastRetryMs : 1_000 }), signal);
    // Waits while the API cannot be reached: that must not use up the tries.
    if (why !== undefined && (yield* phaseOf(target, signal)) === "gone") break;
  }
  why ??= "its end was not seen twice alike";
  yield { kind: "end", complete: false, why: `the finished container's log could not be read to its end: ${why}` };
}

/** What one reading of a finished container's file came to: all of it, some of it, or nothing for a reason. */
type FileReading =
  | { kind: "settled" }
  | { kind: "more" }
  | { kind: "failed"; why: string }
  | { kind: "denied"; why: string };

async function* readFile(following: Following, { whole }: { whole: boolean }): AsyncGenerator<LogEvent, FileReading> {
  const { reader, target } = following;
  if (whole) reader.requireFullRead();
  const { pod, container, phase } = target;
  const end = yield* readStream({ ...following, target: { pod, container, phase } }, { follow: false });
  if (end.kind === "denied") return end;
  if (end.kind !== "ended") return { kind: "failed", why: "why" in end ? end.why : "" };
  if (!whole) return { kind: "more" };
  const reading = reader.finish();
  yield* eventsOf(reading);
  if (reading.broken !== undefined) return { kind: "failed", why: reading.broken };
  return reading.settled ? { kind: "settled" } : { kind: "more" };
}
