import { ApiError, type ApiErrorKind } from "../../src/cluster/api-error.ts";
import type { Cluster, Listed, Pod, Ref, Resource, Resources, WatchEvent } from "../../src/cluster/cluster.ts";

type Verb = "create" | "read" | "list" | "patch" | "delete" | "watch";

export interface Call {
  verb: Verb;
  resource: Resource;
  name: string;
}

/** Told before a call is done; `after` runs once it is done. Throwing in either is the answer the caller gets. */
export interface Interference {
  before?(call: Call, signal: AbortSignal): Promise<void> | void;
  after?(call: Call): Promise<void> | void;
}

type Anything = Resources[Resource];

const statusOf: Partial<Record<ApiErrorKind, number>> = { denied: 403, exists: 409, gone: 410, unavailable: 503 };

export function apiError(kind: ApiErrorKind, message: string = kind): ApiError {
  return new ApiError(message, { kind, status: statusOf[kind] ?? 0 });
}

/** Never answers until its caller gives up. */
export function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** A cluster of plain objects: no controllers, no clock. Tests put what they need and say what goes wrong. */
export class MemoryCluster implements Cluster {
  readonly server = "https://memory:6443";
  readonly namespace = "agents";
  readonly calls: Call[] = [];
  interference: Interference = {};
  /** What is deleted stays, marked, until a test removes it: as with a pod whose process takes its time. */
  readonly lingering = new Set<Resource>();
  readonly #objects = new Map<string, Anything>();
  readonly #watchers = new Set<(event: WatchEvent<Pod> | "end") => void>();
  #version = 0;

  /** Names of the objects of a kind. */
  names(resource: Resource): string[] {
    return [...this.#objects]
      .filter(([key]) => key.startsWith(`${resource}/`))
      .map(([, { metadata }]) => metadata?.name ?? "");
  }

  get<R extends Resource>(resource: R, name: string): Resources[R] | undefined {
    return this.#objects.get(`${resource}/${name}`) as Resources[R] | undefined;
  }

  /** Puts or changes an object, as a controller would. */
  put<R extends Resource>(resource: R, object: Resources[R], { silent = false } = {}): Resources[R] {
    const name = object.metadata?.name ?? "";
    const before = this.get(resource, name);
    const uid = object.metadata?.uid ?? before?.metadata?.uid ?? `uid-${++this.#version}`;
    const creationTimestamp = object.metadata?.creationTimestamp ?? "2026-01-01T00:00:00Z";
    const metadata = { ...object.metadata, uid, creationTimestamp, resourceVersion: String(++this.#version) };
    const stored = { ...object, metadata } as Resources[R];
    this.#objects.set(`${resource}/${name}`, stored);
    if (resource === "pods" && !silent) this.#tell({ type: before ? "MODIFIED" : "ADDED", object: stored as Pod });
    return stored;
  }

  remove(resource: Resource, name: string, { silent = false } = {}): boolean {
    const object = this.get(resource, name);
    this.#objects.delete(`${resource}/${name}`);
    if (resource === "pods" && object && !silent) this.#tell({ type: "DELETED", object: object as Pod });
    return object !== undefined;
  }

  /** Ends every open watch, as a server that restarts does. */
  endWatches(): void {
    this.#tell("end");
  }

  get openWatches(): number {
    return this.#watchers.size;
  }

  count(verb: Verb, resource: Resource): number {
    return this.calls.filter((call) => call.verb === verb && call.resource === resource).length;
  }

  async create<R extends Resource>(
    resource: R,
    object: Resources[R],
    { signal }: { signal: AbortSignal },
  ): Promise<Resources[R]> {
    return this.#call({ verb: "create", resource, name: object.metadata?.name ?? "" }, signal, (name) => {
      if (this.get(resource, name)) throw apiError("exists", `${resource} "${name}" already exists`);
      return this.put(resource, object);
    });
  }

  async read<R extends Resource>(
    resource: R,
    { name }: Ref,
    { signal }: { signal: AbortSignal },
  ): Promise<Resources[R] | undefined> {
    return this.#call({ verb: "read", resource, name }, signal, () => this.get(resource, name));
  }

  async list<R extends Resource>(
    resource: R,
    _namespace: string,
    {
      signal,
      labelSelector = "",
      fieldSelector = "",
    }: { signal: AbortSignal; labelSelector?: string; fieldSelector?: string },
  ): Promise<Listed<Resources[R]>> {
    return this.#call({ verb: "list", resource, name: "" }, signal, () => ({
      items: this.names(resource)
        .map((name) => this.get(resource, name))
        .filter((object) => object !== undefined)
        .filter((object) => matches(object, labelSelector) && concerns(object, fieldSelector)),
      resourceVersion: String(this.#version),
    }));
  }

  async patch<R extends Resource>(
    resource: R,
    { name }: Ref,
    { patch, signal }: { patch: object; signal: AbortSignal },
  ): Promise<Resources[R] | undefined> {
    return this.#call({ verb: "patch", resource, name }, signal, () => {
      const object = this.get(resource, name);
      return object && this.put(resource, merge(object, patch) as Resources[R]);
    });
  }

  async delete(
    resource: Resource,
    { name }: Ref,
    { signal, uid }: { signal: AbortSignal; uid?: string },
  ): Promise<boolean> {
    return this.#call({ verb: "delete", resource, name }, signal, () => {
      if (uid !== undefined && this.get(resource, name)?.metadata?.uid !== uid) return false;
      return this.lingering.has(resource) ? this.#mark(resource, name) : this.remove(resource, name);
    });
  }

  async *watch<R extends Resource>(
    resource: R,
    _namespace: string,
    { signal }: { signal: AbortSignal },
  ): AsyncGenerator<WatchEvent<Resources[R]>> {
    await this.#call({ verb: "watch", resource, name: "" }, signal, () => undefined);
    const events: (WatchEvent<Pod> | "end")[] = [];
    let wake = () => {};
    const listener = (event: WatchEvent<Pod> | "end") => {
      events.push(event);
      wake();
    };
    this.#watchers.add(listener);
    signal.addEventListener("abort", () => wake(), { once: true });
    try {
      for (;;) {
        while (events.length === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
        if (signal.aborted) throw signal.reason;
        const event = events.shift();
        if (event === "end") return;
        yield event as WatchEvent<Resources[R]>;
      }
    } finally {
      this.#watchers.delete(listener);
    }
  }

  openLog(): never {
    throw new Error("this cluster has no logs");
  }

  async close(): Promise<void> {}

  #mark(resource: Resource, name: string): boolean {
    const object = this.get(resource, name);
    if (!object) return false;
    this.put(resource, { ...object, metadata: { ...object.metadata, deletionTimestamp: "2026-01-01T00:01:00Z" } });
    return true;
  }

  #tell(event: WatchEvent<Pod> | "end"): void {
    for (const watcher of [...this.#watchers]) watcher(event);
  }

  async #call<T>(call: Call, signal: AbortSignal, work: (name: string) => T): Promise<T> {
    this.calls.push(call);
    await this.interference.before?.(call, signal);
    if (signal.aborted) throw signal.reason;
    const result = work(call.name);
    await this.interference.after?.(call);
    return structuredClone(result);
  }
}

function matches(object: Anything, labelSelector: string): boolean {
  const terms = labelSelector === "" ? [] : labelSelector.split(",").map((term) => term.split("="));
  return terms.every(([key = "", value]) => object.metadata?.labels?.[key] === value);
}

function concerns(object: Anything, fieldSelector: string): boolean {
  const uid = /^involvedObject\.uid=(.*)$/.exec(fieldSelector)?.[1];
  return uid === undefined || ("involvedObject" in object && object.involvedObject?.uid === uid);
}

function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const merged = new Map(Object.entries((target as object | null) ?? {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, merge(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}
