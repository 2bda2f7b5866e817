import { followLog } from "../../../src/log/follow-log.ts";
import type { FollowLimits, FollowTarget, LogEvent } from "../../../src/log/following.ts";
import { type Answer, scriptedLog, textOf } from "./scripted-log.ts";

/** No log is short enough to be resumed from its start, but where a test says so. */
export const limits: FollowLimits = {
  idleMs: 400,
  renewMs: 60_000,
  firstRetryMs: 5,
  lastRetryMs: 20,
  wholeFileBytes: -1,
};
export const pod = { namespace: "n", name: "p" };

interface Given {
  answers: Answer[];
  phase: FollowTarget["phase"];
  limits?: Partial<FollowLimits>;
  concluded?: () => boolean;
  stopWaiting?: AbortSignal;
  signal?: AbortSignal;
  onEvent?: (event: LogEvent) => Promise<void> | void;
}

/** Follows a scripted log to its end. */
export async function follow(given: Given) {
  const script = scriptedLog(given.answers);
  const target = {
    pod,
    container: "c",
    phase: given.phase,
    ...(given.concluded ? { concluded: given.concluded } : {}),
    ...(given.stopWaiting ? { stopWaiting: given.stopWaiting } : {}),
  };
  const events: LogEvent[] = [];
  const signal = given.signal ?? new AbortController().signal;
  for await (const event of followLog(script.cluster, target, { signal, limits: { ...limits, ...given.limits } })) {
    events.push(event);
    await given.onEvent?.(event);
  }
  const why = events.flatMap((event) => (event.kind === "interrupted" ? [event.why] : []));
  return { events, lines: textOf(events), why, requests: script.requests, script };
}
