import type { Cluster } from "../cluster/cluster.ts";
import { backoffMs } from "../lib/backoff.ts";
import { sleep } from "../lib/sleep.ts";
import { askPhase } from "./ask-phase.ts";
import {
  defaultFollowLimits,
  type Following,
  type FollowLimits,
  type FollowTarget,
  type LogEvent,
} from "./following.ts";
import { LogReader } from "./log-reader.ts";
import { type ReadingEnd, readStream } from "./read-stream.ts";
import { conclude, readToEnd } from "./read-to-end.ts";

export { defaultFollowLimits, type FollowLimits } from "./following.ts";

/** A connection that lived this long counts as healthy: the next failure starts again with the shortest wait. */
const healthyMs = 60_000;

/** One that brought something new before it broke is opened again within a second (at the default limits). */
const mostFailuresWithNews = 2;

/** Streams in a row that brought nothing new before a short log is no longer read from its start. */
const mostFruitless = 3;

/**
 * Follows one container's log from its first line to its last, each line once and in order, across whatever breaks
 * on the way. Ends with one `end` event, or rejects with the signal's reason.
 */
export async function* followLog(
  cluster: Pick<Cluster, "openLog">,
  target: FollowTarget,
  { signal, limits = defaultFollowLimits }: { signal: AbortSignal; limits?: FollowLimits },
): AsyncGenerator<LogEvent, void, void> {
  const reader = new LogReader();
  const following: Following = { cluster, target, limits, signal, reader };
  let failures = 0;
  for (;;) {
    const phase = yield* askPhase(target, signal);
    if (phase === "gone") return yield { kind: "end", complete: false, why: "the pod is gone" };
    if (phase === "terminated") return yield* readToEnd(following);
    const [openedAt, before] = [Date.now(), reader.emittedCount];
    const end = yield* readStream(following, { follow: true, whole: isReadWhole(following, failures) });
    if (end.kind === "concluded") return yield* conclude(following);
    if (end.kind === "denied") yield end;
    if (end.kind === "failed" || end.kind === "silent") yield { kind: "interrupted", why: end.why };
    failures = Date.now() - openedAt > healthyMs ? 0 : failures + 1;
    if (reader.emittedCount > before) failures = Math.min(failures, mostFailuresWithNews);
    await sleep(waitMs(end, failures, limits), signal);
  }
}

function isReadWhole({ reader, limits }: Following, failures: number): boolean {
  return failures < mostFruitless && reader.emittedBytes <= limits.wholeFileBytes;
}

function waitMs(end: ReadingEnd, failures: number, limits: FollowLimits): number {
  if (end.kind === "renewed" || (end.kind === "ended" && failures <= 1)) return 0;
  const wait = backoffMs(failures, {
    firstMs: limits.firstRetryMs,
    maxMs: end.kind === "waiting" ? 1_000 : limits.lastRetryMs,
  });
  return end.kind === "failed" ? Math.max(wait, end.retryAfterMs ?? 0) : wait;
}
