import type { RequestInfo } from "../api-server/request-info.ts";

/** All that is given must fit; a verb is RBAC's: get, list, watch, create, update, patch, delete. */
export interface RequestMatcher {
  verb?: string;
  resource?: string;
  subresource?: string;
  namespace?: string;
  name?: string | RegExp;
  path?: RegExp;
  where?: (info: RequestInfo) => boolean;
}

export type FaultAction =
  /** No answer, and the connection stays open. */
  | { kind: "hang" }
  /** An answer in place of the server's own. */
  | { kind: "answer"; status: number; headers?: Record<string, string>; body?: object | string }
  /** The connection is cut before anything is done. */
  | { kind: "reset" }
  /** The request is carried out, then the connection is cut before the answer. */
  | { kind: "lose-answer" }
  | { kind: "delay"; ms: number }
  /** A log request is answered with 200 and kubelet's error text as its body. */
  | { kind: "log-body"; text: string };

export interface FaultRule {
  readonly hits: number;
  remove(): void;
}

/** The one hook through which requests go wrong on command. */
export interface FaultRules {
  /** `times`: how often it strikes; without it until it is removed. */
  add(matcher: RequestMatcher, action: FaultAction, times?: number): FaultRule;
  /** What is to happen to this request; counts as a hit. */
  take(info: RequestInfo): FaultAction[];
  clear(): void;
}

export function createFaultRules(): FaultRules {
  const rules = new Set<{ matcher: RequestMatcher; action: FaultAction; left: number; hits: number }>();
  return {
    add(matcher, action, times = Number.POSITIVE_INFINITY) {
      const rule = { matcher, action, left: times, hits: 0 };
      rules.add(rule);
      return {
        get hits() {
          return rule.hits;
        },
        remove: () => {
          rules.delete(rule);
        },
      };
    },
    take(info) {
      const struck = [...rules].filter(({ matcher, left }) => left > 0 && matchesRequest(matcher, info));
      const delays = struck.filter(({ action }) => action.kind === "delay");
      const first = struck.find(({ action }) => action.kind !== "delay");
      const used = first ? [...delays, first] : delays;
      for (const rule of used) {
        rule.hits += 1;
        rule.left -= 1;
        if (rule.left <= 0) rules.delete(rule);
      }
      return used.map(({ action }) => action);
    },
    clear: () => rules.clear(),
  };
}

export function matchesRequest(matcher: RequestMatcher, info: RequestInfo): boolean {
  const { name, path, where, ...plain } = matcher;
  const same = Object.entries(plain).every(
    ([key, value]) => value === undefined || info[key as keyof typeof plain] === value,
  );
  return (
    same &&
    (name === undefined || (typeof name === "string" ? info.name === name : name.test(info.name))) &&
    (path === undefined || path.test(info.path)) &&
    (where === undefined || where(info))
  );
}
