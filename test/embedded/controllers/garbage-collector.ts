import { deleteObject, dropFinalizer } from "../api-server/deletion.ts";
import { type KubeObject, type OwnerReference, refOf } from "../api-server/objects.ts";
import { namespacedResources, type ResourceType, resourceOfKind } from "../api-server/resource-table.ts";
import type { Store } from "../api-server/store.ts";
import type { Timers } from "../timers.ts";
import { createReconciler } from "./reconciler.ts";

/** Deletes what has lost all its owners, also when it was created after they had gone; and keeps the deletion policies. */
export function startGarbageCollector({ store, timers }: { store: Store; timers: Timers }): () => void {
  const queue = createReconciler(timers, () => collect(store), 5);
  return store.subscribe(({ type, object }) => {
    const owned = (object.metadata.ownerReferences?.length ?? 0) > 0;
    const deleting = object.metadata.deletionTimestamp !== undefined;
    if (type === "DELETED" || owned || deleting) queue.add("all");
  });
}

function collect(store: Store): void {
  for (const type of namespacedResources()) {
    if (type.plural === "events") continue; // Owned by nobody, and many.
    for (const object of store.list(type.plural) as KubeObject[]) {
      if (object.metadata.deletionTimestamp !== undefined) applyPolicy(store, type, object);
      else if (isOrphan(store, object))
        deleteObject(store, { type, ref: refOf(object) }, { propagationPolicy: "Background" });
    }
  }
}

function isOrphan(store: Store, object: KubeObject): boolean {
  const owners = object.metadata.ownerReferences ?? [];
  return owners.length > 0 && owners.every((owner) => !ownerExists(store, owner, object.metadata.namespace ?? ""));
}

/** Kinds that are not served here are taken to exist. */
function ownerExists(store: Store, owner: OwnerReference, namespace: string): boolean {
  const type = resourceOfKind(owner.apiVersion, owner.kind);
  if (!type) return true;
  const found = store.get(type.plural, { namespace: type.namespaced ? namespace : "", name: owner.name }) as
    | KubeObject
    | undefined;
  return found?.metadata.uid === owner.uid;
}

interface Dependent {
  type: ResourceType;
  object: KubeObject;
}

function dependentsOf(store: Store, owner: KubeObject): Dependent[] {
  return namespacedResources().flatMap((type) =>
    (store.list(type.plural, owner.metadata.namespace ?? "") as KubeObject[])
      .filter((object) => object.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid))
      .map((object) => ({ type, object })),
  );
}

function applyPolicy(store: Store, type: ResourceType, owner: KubeObject): void {
  const { finalizers = [] } = owner.metadata;
  const target = { resource: type.plural, ref: refOf(owner) };
  if (finalizers.includes("orphan")) {
    for (const dependent of dependentsOf(store, owner)) disown(store, dependent, owner.metadata.uid);
    dropFinalizer(store, target, "orphan");
  } else if (finalizers.includes("foregroundDeletion")) {
    const dependents = dependentsOf(store, owner);
    for (const { type: kind, object } of dependents.filter(
      ({ object: each }) => each.metadata.deletionTimestamp === undefined,
    )) {
      deleteObject(store, { type: kind, ref: refOf(object) }, { propagationPolicy: "Background" });
    }
    if (dependentsOf(store, owner).length === 0) dropFinalizer(store, target, "foregroundDeletion");
  }
}

function disown(store: Store, { type, object }: Dependent, uid: string): void {
  store.update(type.plural, refOf(object), (draft: KubeObject) => {
    const rest = (draft.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid);
    if (rest.length > 0) draft.metadata.ownerReferences = rest;
    else delete draft.metadata.ownerReferences;
  });
}
