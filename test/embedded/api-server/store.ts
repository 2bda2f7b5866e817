import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { formatSeconds } from "../kubelet/node-clock.ts";
import { type Draft, type KubeObject, type ObjectOf, type ObjectRef, refOf } from "./objects.ts";

export interface Change {
  type: "ADDED" | "MODIFIED" | "DELETED";
  resource: string;
  object: KubeObject;
  previous: KubeObject | undefined;
  version: number;
}

/** The objects of one cluster with their versions and history. Objects handed out are never changed afterwards. */
export interface Store {
  get<R extends string>(resource: R, ref: ObjectRef): ObjectOf<R> | undefined;
  /** All namespaces when none is given; in order of creation. */
  list<R extends string>(resource: R, namespace?: string): ObjectOf<R>[];
  create<R extends string>(resource: R, draft: Draft): ObjectOf<R>;
  /** Applies the edit to a copy; nothing happens when it changes nothing or the object is not there. */
  update<R extends string>(resource: R, ref: ObjectRef, edit: (draft: ObjectOf<R>) => void): ObjectOf<R> | undefined;
  remove(resource: string, ref: ObjectRef): void;
  version(): number;
  oldestVersion(): number;
  /** Forgets the history, as compaction does: a watch from an older version is then refused. */
  compact(): void;
  changesSince(version: number): Change[];
  subscribe(listener: (change: Change) => void): () => void;
}

/** The first version given out is well above the oldest that can be watched, as in a cluster that has lived a while. */
const firstVersion = 600;
const historyLimit = 2_000;

export function createStore(): Store {
  const tables = new Map<string, Map<string, KubeObject>>();
  const listeners = new Set<(change: Change) => void>();
  let history: Change[] = [];
  let version = firstVersion;
  let oldest = firstVersion;

  const table = (resource: string) => {
    const found = tables.get(resource) ?? new Map<string, KubeObject>();
    tables.set(resource, found);
    return found;
  };
  const keyOf = ({ namespace, name }: ObjectRef) => `${namespace}/${name}`;

  function record(change: Omit<Change, "version">): void {
    const full: Change = { ...change, version };
    history.push(full);
    if (history.length > historyLimit) {
      history = history.slice(-historyLimit / 2);
      oldest = (history[0]?.version ?? version) - 1;
    }
    for (const listener of [...listeners]) listener(full);
  }

  function stamped(object: KubeObject): KubeObject {
    version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
  }

  return {
    get: <R extends string>(resource: R, ref: ObjectRef) => table(resource).get(keyOf(ref)) as ObjectOf<R> | undefined,
    list: <R extends string>(resource: R, namespace?: string) =>
      [...table(resource).values()].filter(
        (object) => namespace === undefined || object.metadata.namespace === namespace,
      ) as ObjectOf<R>[],
    create<R extends string>(resource: R, draft: Draft) {
      // An object that admission has seen has its uid already, and its labels may name it.
      const object = stamped(draft.metadata?.uid === undefined ? completeMeta(draft) : (draft as KubeObject));
      table(resource).set(keyOf(refOf(object)), object);
      record({ type: "ADDED", resource, object, previous: undefined });
      return object as ObjectOf<R>;
    },
    update<R extends string>(resource: R, ref: ObjectRef, edit: (draft: ObjectOf<R>) => void) {
      const previous = table(resource).get(keyOf(ref));
      if (!previous) return undefined;
      const draft = structuredClone(previous);
      edit(draft as ObjectOf<R>);
      if (isDeepStrictEqual(draft, previous)) return previous as ObjectOf<R>;
      const object = stamped(draft);
      table(resource).set(keyOf(ref), object);
      record({ type: "MODIFIED", resource, object, previous });
      return object as ObjectOf<R>;
    },
    remove(resource, ref) {
      const previous = table(resource).get(keyOf(ref));
      if (!previous) return;
      table(resource).delete(keyOf(ref));
      record({ type: "DELETED", resource, object: stamped(previous), previous });
    },
    version: () => version,
    oldestVersion: () => oldest,
    compact() {
      history = [];
      oldest = version;
    },
    changesSince: (since) => history.filter((change) => change.version > since),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The fields that the server fills in, in the order it writes them. */
export function completeMeta(draft: Draft): KubeObject {
  const { apiVersion = "", kind = "", metadata = {}, ...rest } = draft;
  const { name = "", generateName, namespace, uid: _, resourceVersion: __, ...others } = metadata;
  return {
    kind,
    apiVersion,
    metadata: {
      name,
      ...(generateName === undefined ? {} : { generateName }),
      ...(namespace === undefined ? {} : { namespace }),
      uid: randomUUID(),
      resourceVersion: "",
      ...others,
      creationTimestamp: formatSeconds(),
    },
    ...rest,
  };
}
