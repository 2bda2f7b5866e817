import { backoffMs } from "../lib/backoff.ts";
import { sleep } from "../lib/sleep.ts";
import { askPhase } from "./ask-phase.ts";
import type { Following, LogEvent } from "./following.ts";
import { eventsOf, readStream } from "./read-stream.ts";

/** Tries to read the log of a finished container before what is missing is given up. */
const finalTries = 8;

/** After the output's own end: a stream without a byte this long is opened anew, so that some tries fit in the caller's time. */
const concludingIdleMs = 4_000;

/**
 * Reads the whole file of a finished container until that brings nothing new. Where a connection does not live long
 * enough for that, what is missing is read first: that is shorter.
 */
export async function* readToEnd(following: Following): AsyncGenerator<LogEvent, void, void> {
  const { reader, limits, signal, target } = following;
  let why: string | undefined;
  for (let tries = 0; tries < finalTries; tries++) {
    const before = reader.emittedCount;
    const result: FileReading = yield* readFile(following, { whole: why === undefined });
    if (result.kind === "settled") return yield { kind: "end", complete: true, why: "read to the end" };
    if (target.concluded?.()) return yield* conclude(following);
    why = result.kind === "more" ? undefined : result.why;
    if (result.kind === "denied") yield result;
    if (result.kind === "failed") yield { kind: "interrupted", why: result.why };
    if (reader.emittedCount > before || result.kind === "denied") tries = 0;
    await sleep(backoffMs(tries, { firstMs: limits.firstRetryMs, maxMs: why ? limits.lastRetryMs : 1_000 }), signal);
    // Waits while the API cannot be reached: that must not use up the tries.
    if (why !== undefined && (yield* askPhase(target, signal)) === "gone") break;
  }
  why ??= "its end was not seen twice alike";
  yield { kind: "end", complete: false, why: `the finished container's log could not be read to its end: ${why}` };
}

/**
 * The output says that it is complete. What streams from a time on may have hidden of it stands in the file before the
 * line told last: one stream of the whole file that shows this line has shown all.
 */
export async function* conclude(following: Following): AsyncGenerator<LogEvent, void, void> {
  const { reader, limits, signal } = following;
  const { pod, container, phase } = following.target;
  const target = { pod, container, phase, concluded: () => !reader.mayHide };
  const bounds = { ...limits, idleMs: Math.min(limits.idleMs, concludingIdleMs) };
  const hid = reader.mayHide;
  for (let tries = 0; reader.mayHide && tries < finalTries; tries++) {
    const end = yield* readStream({ ...following, target, limits: bounds }, { follow: false, whole: true });
    const asked = end.kind === "failed" ? (end.retryAfterMs ?? 0) : 0;
    const wait = Math.max(asked, backoffMs(tries, { firstMs: limits.firstRetryMs, maxMs: 1_000 }));
    if (reader.mayHide) await sleep(wait, signal);
  }
  if (reader.mayHide) yield { kind: "end", complete: false, why: "the log could not be read again" };
  else yield { kind: "end", complete: true, why: hid ? "read to the end" : "the output says so" };
}

/** What one reading of a finished container's file came to: all of it, some of it, or nothing for a reason. */
type FileReading =
  | { kind: "settled" }
  | { kind: "more" }
  | { kind: "failed"; why: string }
  | { kind: "denied"; why: string };

async function* readFile(following: Following, { whole }: { whole: boolean }): AsyncGenerator<LogEvent, FileReading> {
  const { reader, target } = following;
  const { pod, container, phase } = target;
  const end = yield* readStream({ ...following, target: { pod, container, phase } }, { follow: false, whole });
  if (end.kind === "denied") return end;
  if (end.kind !== "ended") return { kind: "failed", why: "why" in end ? end.why : "" };
  if (!whole) return { kind: "more" };
  const reading = reader.finish();
  yield* eventsOf(reading);
  if (reading.broken !== undefined) return { kind: "failed", why: reading.broken };
  return reading.settled ? { kind: "settled" } : { kind: "more" };
}
