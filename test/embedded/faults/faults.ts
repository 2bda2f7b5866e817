import type { ApiServer } from "../api-server/api-server.ts";
import type { OpenStream, OpenStreams } from "../api-server/open-streams.ts";
import type { RequestInfo } from "../api-server/request-info.ts";
import { StatusError } from "../api-server/status-error.ts";
import type { Change } from "../api-server/store.ts";
import type { Kubelet } from "../kubelet/kubelet.ts";
import type { KubeletContext } from "../kubelet/kubelet-context.ts";
import type { FaultAction, FaultRule, FaultRules, RequestMatcher } from "./fault-rules.ts";
import { matchesRequest } from "./fault-rules.ts";
import { createNodeFaults, type NodeFaults } from "./node-faults.ts";

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: object | string;
  times?: number;
}

/** Everything that can go wrong on command, between client and API server and on the node. */
export interface Faults extends NodeFaults {
  /** The hook the others stand on. */
  on(matcher: RequestMatcher, action: FaultAction, times?: number): FaultRule;
  /** Forgets all rules. What was done to streams, the node and the server stays done. */
  clear(): void;

  /** Connections are refused and the open ones reset. */
  apiDown(): Promise<void>;
  apiUp(): Promise<void>;
  closeEachConnection(on?: boolean): void;

  hang(matcher: RequestMatcher, times?: number): FaultRule;
  reset(matcher: RequestMatcher, times?: number): FaultRule;
  answer(matcher: RequestMatcher, answer: Answer): FaultRule;
  delay(matcher: RequestMatcher, ms: number, times?: number): FaultRule;
  /** The create is done, the connection is cut before the answer. */
  createLost(matcher?: RequestMatcher, times?: number): FaultRule;

  /** Cuts open watches and logs in the middle. Returns how many. */
  resetStreams(matcher?: RequestMatcher): number;
  /** Ends followed logs cleanly although their containers run, as a dead kubelet connection does. */
  cleanEofOfLogs(matcher?: RequestMatcher): number;
  /** Ends open watches cleanly. */
  endWatches(matcher?: RequestMatcher): number;
  /** Streams stay open and say nothing until they are released. */
  holdStreams(on: boolean, matcher?: RequestMatcher): number;
  /** The next log requests are answered with 200 and this text of kubelet's. */
  logErrorBody(text: string, options?: { matcher?: RequestMatcher; times?: number }): FaultRule;
  /** Puts text, such as kubelet's error, into open logs; `end` ends them afterwards. */
  injectIntoLogs(text: string, options?: { matcher?: RequestMatcher; end?: boolean }): number;
  /** Keeps events from watchers until removed or struck `times` times. */
  dropWatchEvents(
    matches: (change: Change, watcher: RequestInfo) => boolean,
    times?: number,
  ): { hits: number; remove(): void };
  /** Compacts: open watches end with 410, and watches from older versions are refused. */
  goneWatch(matcher?: RequestMatcher): number;
}

export interface FaultParts {
  server: ApiServer;
  rules: FaultRules;
  streams: OpenStreams;
  drops: EventDrops;
  context: KubeletContext;
  kubelet: Kubelet;
}

export function createFaults(parts: FaultParts): Faults {
  const { server, rules } = parts;
  return {
    ...createNodeFaults(parts),
    ...streamFaults(parts),
    on: (matcher, action, times) => rules.add(matcher, action, times),
    clear() {
      rules.clear();
      parts.drops.clear();
    },
    apiDown: () => server.down(),
    apiUp: () => server.up(),
    closeEachConnection: (on = true) => server.closeEach(on),
    hang: (matcher, times) => rules.add(matcher, { kind: "hang" }, times),
    reset: (matcher, times) => rules.add(matcher, { kind: "reset" }, times),
    answer: (matcher, { times, ...answer }) => rules.add(matcher, { kind: "answer", ...answer }, times),
    delay: (matcher, ms, times) => rules.add(matcher, { kind: "delay", ms }, times),
    createLost: (matcher = {}, times = 1) => rules.add({ verb: "create", ...matcher }, { kind: "lose-answer" }, times),
    logErrorBody: (text, { matcher = {}, times = 1 } = {}) =>
      rules.add({ ...matcher, subresource: "log" }, { kind: "log-body", text }, times),
  };
}

type StreamFaults = Pick<
  Faults,
  "resetStreams" | "cleanEofOfLogs" | "endWatches" | "holdStreams" | "injectIntoLogs" | "dropWatchEvents" | "goneWatch"
>;

function streamFaults({ streams, drops, context }: FaultParts): StreamFaults {
  const each = (kind: OpenStream["kind"] | undefined, matcher: RequestMatcher, act: (stream: OpenStream) => void) => {
    const chosen = streams
      .list()
      .filter((stream) => (!kind || stream.kind === kind) && matchesRequest(matcher, stream.info));
    for (const stream of chosen) act(stream);
    return chosen.length;
  };
  return {
    resetStreams: (matcher = {}) => each(undefined, matcher, (stream) => stream.reset()),
    cleanEofOfLogs: (matcher = {}) => each("log", matcher, (stream) => stream.end()),
    endWatches: (matcher = {}) => each("watch", matcher, (stream) => stream.end()),
    holdStreams: (on, matcher = {}) => each(undefined, matcher, (stream) => stream.hold(on)),
    injectIntoLogs: (text, { matcher = {}, end = false } = {}) =>
      each("log", matcher, (stream) => {
        stream.inject(text);
        if (end) stream.end();
      }),
    dropWatchEvents: (matches, times) => drops.add(matches, times),
    goneWatch(matcher = {}) {
      context.store.compact();
      const message = "too old resource version: 1 (2)";
      const status = new StatusError(410, message, { reason: "Expired" }).toBody();
      return each("watch", matcher, (stream) => {
        stream.inject(`${JSON.stringify({ type: "ERROR", object: status })}\n`);
        stream.end();
      });
    },
  };
}

/** Which events are kept from which watchers. */
export interface EventDrops {
  add(matches: (change: Change, watcher: RequestInfo) => boolean, times?: number): { hits: number; remove(): void };
  isDropped(watcher: RequestInfo, change: Change): boolean;
  clear(): void;
}

export function createEventDrops(): EventDrops {
  const drops = new Set<{ matches: (change: Change, watcher: RequestInfo) => boolean; left: number; hits: number }>();
  return {
    add(matches, times = Number.POSITIVE_INFINITY) {
      const drop = { matches, left: times, hits: 0 };
      drops.add(drop);
      return {
        get hits() {
          return drop.hits;
        },
        remove: () => {
          drops.delete(drop);
        },
      };
    },
    isDropped(watcher, change) {
      const drop = [...drops].find(({ matches, left }) => left > 0 && matches(change, watcher));
      if (!drop) return false;
      drop.hits += 1;
      drop.left -= 1;
      return true;
    },
    clear: () => drops.clear(),
  };
}
