import type { Timers } from "../timers.ts";
import { matchesFields, parseFieldSelector } from "./field-selector.ts";
import { matchesLabels, parseLabelSelector } from "./label-selector.ts";
import type { KubeObject } from "./objects.ts";
import type { OpenStream } from "./open-streams.ts";
import { isTrue, type RequestInfo } from "./request-info.ts";
import { apiVersionOf, type ResourceType } from "./resource-table.ts";
import { expired, StatusError } from "./status-error.ts";
import type { Change, Store } from "./store.ts";

export type Selector = (object: KubeObject) => boolean;

/** What of a collection the request asks for. Throws the server's 400 for a bad selector. */
export function readSelector(info: RequestInfo, type: ResourceType): Selector {
  const labels = parseLabelSelector(info.query.get("labelSelector") ?? "");
  const fields = parseFieldSelector(type.plural, info.query.get("fieldSelector") ?? "");
  return (object) =>
    (!type.namespaced || info.namespace === "" || object.metadata.namespace === info.namespace) &&
    matchesLabels(labels, object.metadata.labels) &&
    matchesFields(fields, object);
}

export function listObjects(store: Store, type: ResourceType, selector: Selector): object {
  const items = (store.list(type.plural) as KubeObject[]).filter(selector).sort(byKey);
  return {
    kind: `${type.kind}List`,
    apiVersion: apiVersionOf(type),
    metadata: { resourceVersion: String(store.version()) },
    // Items of a list carry no kind of their own (API: list encoding).
    items: items.map(({ kind: _, apiVersion: __, ...rest }) => rest),
  };
}

/** Sorted by namespace and name, as etcd's keys are. */
function byKey({ metadata: left }: KubeObject, { metadata: right }: KubeObject): number {
  return `${left.namespace}/${left.name}` < `${right.namespace}/${right.name}` ? -1 : 1;
}

export interface WatchDependencies {
  store: Store;
  timers: Timers;
  bookmarkEveryMs: number;
  /** True: this event is kept from this watcher. */
  isDropped(info: RequestInfo, change: Change): boolean;
}

/** The version to watch from; undefined: begin with everything that is there. */
export function readWatchStart(info: RequestInfo): number | undefined {
  const text = info.query.get("resourceVersion") ?? "";
  if (text === "" || text === "0") return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  const message = `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`;
  throw new StatusError(500, message);
}

/** Answers a watch until the client goes, the server's time is up or the stream is ended on command. */
export function watchObjects(
  dependencies: WatchDependencies,
  { type, selector, stream }: { type: ResourceType; selector: Selector; stream: OpenStream },
): void {
  const { store, timers } = dependencies;
  const { info } = stream;
  const send = (kind: string, object: object) => void stream.write(`${JSON.stringify({ type: kind, object })}\n`);
  const start = readWatchStart(info);
  if (start !== undefined && start < store.oldestVersion()) {
    send("ERROR", expired(start, store.oldestVersion()).toBody());
    stream.end();
    return;
  }
  const deliver = (change: Change) => {
    if (change.resource !== type.plural || dependencies.isDropped(info, change)) return;
    const kind = eventKind(change, selector);
    if (kind) send(kind, change.object);
  };
  if (start === undefined) {
    for (const object of (store.list(type.plural) as KubeObject[]).filter(selector)) send("ADDED", object);
  } else for (const change of store.changesSince(start)) deliver(change);

  const ends = [store.subscribe(deliver)];
  const timeoutSec = Number(info.query.get("timeoutSeconds") ?? 0);
  if (timeoutSec > 0) ends.push(timers.after(timeoutSec * 1000, () => stream.end()));
  if (isTrue(info.query.get("allowWatchBookmarks") ?? "false")) {
    const bookmark = () =>
      send("BOOKMARK", {
        kind: type.kind,
        apiVersion: apiVersionOf(type),
        metadata: { resourceVersion: String(store.version()), creationTimestamp: null },
      });
    ends.push(timers.every(dependencies.bookmarkEveryMs, bookmark));
  }
  stream.signal.addEventListener("abort", () => {
    for (const end of ends) end();
  });
}

/** An object that begins or ceases to match is added or deleted for this watcher (API: watch with selectors). */
function eventKind({ type, object, previous }: Change, selector: Selector): Change["type"] | undefined {
  const matched = previous !== undefined && selector(previous);
  if (type === "DELETED") return matched ? "DELETED" : undefined;
  const matches = selector(object);
  if (matches) return matched ? "MODIFIED" : "ADDED";
  return matched ? "DELETED" : undefined;
}
