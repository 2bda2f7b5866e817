import type { Following, FollowTarget, LogEvent } from "./following.ts";
import type { LogReader } from "./log-reader.ts";
import { LogStream, type StreamEnd } from "./log-stream.ts";
import type { Reading } from "./reading.ts";

/** `renewed`: it was open for long. `concluded`: the lines told say that they are all. */
export type ReadingEnd = StreamEnd | { kind: "renewed" | "concluded" };

/** kubelet sends what stands in the file at once: a resumed stream that stays silent this long has shown it. */
const quietMs = 3_000;

/** Reads one stream until it ends, breaks or is due for renewal. `whole`: of the file from its start. */
export async function* readStream(
  following: Following,
  { follow, whole }: { follow: boolean; whole: boolean },
): AsyncGenerator<LogEvent, ReadingEnd> {
  const { cluster, target, limits, signal, reader } = following;
  const { pod, container, stopWaiting } = target;
  const openedAt = Date.now();
  // A stream that was opened while the container ended may stay open for ever (seen with 1.34): it is asked once.
  let asks = follow && reader.emittedCount > 0;
  const sinceTime = reader.open({ whole });
  const stream = new LogStream({ pod, container, follow, sinceTime, idleMs: limits.idleMs, signal, stopWaiting });
  const patience = () => (asks || reader.hasUndecided ? Math.min(quietMs, limits.idleMs / 2) : undefined);
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

/** What a reading says, in the order in which a person must read it. */
export function* eventsOf(reading: Reading): Generator<LogEvent> {
  for (const gap of reading.gaps) yield { kind: "gap", gap };
  if (reading.late.length > 0) yield { kind: "late", lines: reading.late };
  if (reading.lines.length > 0) yield { kind: "lines", lines: reading.lines };
}

function reasonToLeave({ target, limits }: Following, openedAt: number | undefined): ReadingEnd | undefined {
  if (target.concluded?.()) return { kind: "concluded" };
  return openedAt !== undefined && Date.now() - openedAt > limits.renewMs ? { kind: "renewed" } : undefined;
}

async function hasEnded(target: FollowTarget, signal: AbortSignal): Promise<boolean> {
  try {
    return (await target.phase(signal)) === "terminated";
  } catch {
    // What passes is asked again by the loop; the stream is read on meanwhile.
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
