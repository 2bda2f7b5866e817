import { formatSeconds } from "../kubelet/node-clock.ts";
import { isFinishedPod, type KubeObject, type ObjectRef, type PodObject, refOf } from "./objects.ts";
import type { ResourceType } from "./resource-table.ts";
import type { Store } from "./store.ts";

export interface DeleteOptions {
  gracePeriodSeconds?: number | undefined;
  propagationPolicy?: string | undefined;
}

/** Deletes an object or begins to; returns it as it then stands, and whether it is gone. */
export function deleteObject(
  store: Store,
  { type, ref }: { type: ResourceType; ref: ObjectRef },
  options: DeleteOptions = {},
): { object: KubeObject; gone: boolean } | undefined {
  const current = store.get(type.plural, ref) as KubeObject | undefined;
  if (!current) return undefined;
  const graceSec = type.plural === "pods" ? podGrace(current as PodObject, options) : 0;
  const finalizers = finalizersFor(type, current, options);
  if (graceSec === 0 && finalizers.length === 0 && type.plural !== "namespaces") {
    store.remove(type.plural, ref);
    return { object: current, gone: true };
  }
  const object = store.update(type.plural, ref, (draft: KubeObject) =>
    markDeleted(draft, graceSec, finalizers),
  ) as KubeObject;
  return { object, gone: false };
}

function markDeleted(draft: KubeObject, graceSec: number, finalizers: readonly string[]): void {
  const { metadata } = draft;
  const known = metadata.deletionGracePeriodSeconds;
  if (finalizers.length > 0) metadata.finalizers = [...finalizers];
  if (draft.kind === "Namespace") draft["status"] = { phase: "Terminating" };
  // A later delete can only shorten the time (API: BeforeDelete).
  if (metadata.deletionTimestamp !== undefined && known !== undefined && known <= graceSec) return;
  metadata.deletionTimestamp = formatSeconds(Date.now() + graceSec * 1000);
  metadata.deletionGracePeriodSeconds = graceSec;
}

/** A pod that never ran or has ended needs no time (API: podStrategy.CheckGracefulDelete). */
function podGrace(pod: PodObject, { gracePeriodSeconds }: DeleteOptions): number {
  if (!pod.spec.nodeName || isFinishedPod(pod)) return 0;
  return Math.max(0, gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30);
}

/** Jobs orphan their pods unless a policy is given (API: jobStrategy.DefaultGarbageCollectionPolicy). */
function finalizersFor(type: ResourceType, object: KubeObject, { propagationPolicy }: DeleteOptions): string[] {
  const policy = propagationPolicy ?? (type.plural === "jobs" ? "Orphan" : "Background");
  const kept = (object.metadata.finalizers ?? []).filter((name) => name !== "orphan" && name !== "foregroundDeletion");
  if (policy === "Orphan") return [...kept, "orphan"];
  if (policy === "Foreground") return [...kept, "foregroundDeletion"];
  return kept;
}

/** Removes an object that is marked deleted and that nothing holds any more. */
export function removeIfReleased(store: Store, resource: string, object: KubeObject): void {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers = [] } = object.metadata;
  const released =
    deletionTimestamp !== undefined && finalizers.length === 0 && (deletionGracePeriodSeconds ?? 0) === 0;
  if (released && resource !== "namespaces") store.remove(resource, refOf(object));
}

export function dropFinalizer(store: Store, target: { resource: string; ref: ObjectRef }, finalizer: string): void {
  const updated = store.update(target.resource, target.ref, (draft: KubeObject) => {
    const rest = (draft.metadata.finalizers ?? []).filter((name) => name !== finalizer);
    if (rest.length > 0) draft.metadata.finalizers = rest;
    else delete draft.metadata.finalizers;
  }) as KubeObject | undefined;
  if (updated) removeIfReleased(store, target.resource, updated);
}
