import { deleteObject } from "../api-server/deletion.ts";
import { type KubeObject, refOf } from "../api-server/objects.ts";
import { namespacedResources } from "../api-server/resource-table.ts";
import type { Store } from "../api-server/store.ts";
import type { Timers } from "../timers.ts";
import { createReconciler } from "./reconciler.ts";

/** Gives each namespace its default service account, and empties the ones that are being deleted. */
export function startNamespaceController({ store, timers }: { store: Store; timers: Timers }): () => void {
  const queue = createReconciler(timers, () => {
    for (const namespace of store.list("namespaces")) {
      if (namespace.metadata.deletionTimestamp !== undefined) empty(store, namespace.metadata.name);
    }
  });
  return store.subscribe(({ type, resource, object }) => {
    if (resource === "namespaces" && type === "ADDED") createDefaultAccount(store, object.metadata.name);
    const namespace = resource === "namespaces" ? object.metadata.name : object.metadata.namespace;
    if (namespace === undefined) return;
    const found = store.get("namespaces", { namespace: "", name: namespace });
    if (found?.metadata.deletionTimestamp !== undefined) queue.add("all");
  });
}

function createDefaultAccount(store: Store, namespace: string): void {
  store.create("serviceaccounts", {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "default", namespace },
  });
}

function empty(store: Store, namespace: string): void {
  for (const type of namespacedResources()) {
    for (const object of store.list(type.plural, namespace) as KubeObject[]) {
      if (object.metadata.deletionTimestamp === undefined) {
        deleteObject(store, { type, ref: refOf(object) }, { propagationPolicy: "Background" });
      }
    }
  }
  const left = namespacedResources().some((type) => store.list(type.plural, namespace).length > 0);
  if (!left) store.remove("namespaces", { namespace: "", name: namespace });
}
