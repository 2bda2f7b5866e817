import { randomUUID } from "node:crypto";
import { ApiError, type ApiErrorKind } from "../../src/cluster/api-error.ts";
import type {
  Cluster,
  Listed,
  ListOptions,
  Ref,
  RequestOptions,
  Resource,
  Resources,
  WatchEvent,
} from "../../src/cluster/cluster.ts";
import { clusterOver } from "../../src/cluster/connect.ts";
import { createInProcessTransport } from "../embedded/api-server/in-process-transport.ts";
import { type KubeObject, type Meta, refOf } from "../embedded/api-server/objects.ts";
import { createOpenStreams } from "../embedded/api-server/open-streams.ts";
import { apiVersionOf, resourceNamed } from "../embedded/api-server/resource-table.ts";
import { createStore, type Store } from "../embedded/api-server/store.ts";
import { createNamespace } from "../embedded/seed.ts";
import { createTimers } from "../embedded/timers.ts";

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

/**
 * The embedded API server without HTTP, controllers and kubelet: an object changes when a caller or the test changes it.
 * Tests put what they need and say what goes wrong; `test/contract/memory.test.ts` holds it to the real API.
 */
export class MemoryCluster implements Cluster {
  readonly server = "https://memory:6443";
  readonly namespace = "agents";
  readonly calls: Call[] = [];
  interference: Interference = {};
  readonly #store: Store;
  readonly #streams = createOpenStreams();
  readonly #port: Cluster;
  readonly #silent = new Set<number>();

  constructor({ store = createStore(), namespaces = ["agents"] }: { store?: Store; namespaces?: string[] } = {}) {
    this.#store = store;
    for (const name of namespaces) createNamespace(store, name);
    const { server, namespace } = this;
    const transport = createInProcessTransport({
      store,
      streams: this.#streams,
      timers: createTimers(),
      // Rarer than any test lasts.
      bookmarkEveryMs: 24 * 60 * 60_000,
      isDropped: (_, { version }) => this.#silent.has(version),
    });
    const { send } = transport;
    this.#port = clusterOver({ server, namespace, send, renew: async () => {}, close: async () => {} });
  }

  /** Names of the objects of a kind. */
  names(resource: Resource): string[] {
    return this.#store.list<string>(resource).map(({ metadata }) => metadata.name);
  }

  get<R extends Resource>(resource: R, name: string): Resources[R] | undefined {
    return this.#find(resource, name) as Resources[R] | undefined;
  }

  /** Puts or changes an object in the cluster's own namespace, as a controller would; nothing is checked. `silent`: no watch is told. */
  put<R extends Resource>(resource: R, object: Resources[R], { silent = false } = {}): Resources[R] {
    const type = resourceNamed(resource);
    const { name = "", ...metadata } = object.metadata ?? {};
    const before = this.#find(resource, name);
    const stored: KubeObject = {
      ...(structuredClone(object) as object),
      apiVersion: apiVersionOf(type),
      kind: type.kind,
      metadata: {
        uid: before?.metadata.uid ?? randomUUID(),
        creationTimestamp: before?.metadata.creationTimestamp ?? "2026-01-01T00:00:00Z",
        ...(metadata as Partial<Meta>),
        ...(type.namespaced ? { namespace: this.namespace } : {}),
        name,
        resourceVersion: before?.metadata.resourceVersion ?? "",
      },
    };
    this.#change(silent, () => {
      if (!before) return this.#store.create<string>(resource, stored);
      return this.#store.update<string>(resource, refOf(before), (draft) => {
        for (const key of Object.keys(draft)) delete draft[key];
        Object.assign(draft, stored);
      });
    });
    return this.#find(resource, name) as Resources[R];
  }

  remove(resource: Resource, name: string, { silent = false } = {}): boolean {
    const object = this.#find(resource, name);
    if (object) this.#change(silent, () => this.#store.remove(resource, refOf(object)));
    return object !== undefined;
  }

  /** Ends every open watch, as a server that restarts does. */
  endWatches(): void {
    for (const stream of this.#streams.list()) stream.end();
  }

  get openWatches(): number {
    return this.#streams.list().length;
  }

  count(verb: Verb, resource: Resource): number {
    return this.calls.filter((call) => call.verb === verb && call.resource === resource).length;
  }

  create<R extends Resource>(
    resource: R,
    object: Resources[R],
    options: RequestOptions & { dryRun?: boolean },
  ): Promise<Resources[R]> {
    const call: Call = { verb: "create", resource, name: object.metadata?.name ?? "" };
    const placed = { ...object, metadata: { namespace: this.namespace, ...object.metadata } };
    return this.#call(call, options.signal, () => this.#port.create(resource, placed, options));
  }

  read<R extends Resource>(resource: R, ref: Ref, options: RequestOptions): Promise<Resources[R] | undefined> {
    const call: Call = { verb: "read", resource, name: ref.name };
    return this.#call(call, options.signal, () => this.#port.read(resource, ref, options));
  }

  list<R extends Resource>(resource: R, namespace: string, options: ListOptions): Promise<Listed<Resources[R]>> {
    const call: Call = { verb: "list", resource, name: "" };
    return this.#call(call, options.signal, () => this.#port.list(resource, namespace, options));
  }

  patch<R extends Resource>(
    resource: R,
    ref: Ref,
    options: RequestOptions & { patch: object },
  ): Promise<Resources[R] | undefined> {
    const call: Call = { verb: "patch", resource, name: ref.name };
    return this.#call(call, options.signal, () => this.#port.patch(resource, ref, options));
  }

  delete(resource: Resource, ref: Ref, options: RequestOptions & { uid?: string }): Promise<boolean> {
    const call: Call = { verb: "delete", resource, name: ref.name };
    return this.#call(call, options.signal, () => this.#port.delete(resource, ref, options));
  }

  async *watch<R extends Resource>(
    resource: R,
    namespace: string,
    options: { labelSelector?: string; resourceVersion: string; signal: AbortSignal },
  ): AsyncGenerator<WatchEvent<Resources[R]>> {
    await this.#call({ verb: "watch", resource, name: "" }, options.signal, async () => undefined);
    yield* this.#port.watch(resource, namespace, options);
  }

  openLog(): never {
    throw new Error("this cluster has no logs");
  }

  close(): Promise<void> {
    return this.#port.close();
  }

  #find(resource: Resource, name: string): KubeObject | undefined {
    return this.#store.list<string>(resource).find(({ metadata }) => metadata.name === name) as KubeObject | undefined;
  }

  #change(silent: boolean, change: () => unknown): void {
    const before = this.#store.version();
    if (silent) this.#silent.add(before + 1);
    change();
  }

  async #call<T>(call: Call, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    this.calls.push(call);
    await this.interference.before?.(call, signal);
    if (signal.aborted) throw signal.reason;
    const result = await work();
    await this.interference.after?.(call);
    return result;
  }
}
