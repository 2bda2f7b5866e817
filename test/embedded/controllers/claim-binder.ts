import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { dropFinalizer } from "../api-server/deletion.ts";
import { type ClaimObject, type KubeObject, type PodObject, refOf } from "../api-server/objects.ts";
import type { Store } from "../api-server/store.ts";
import type { Timers } from "../timers.ts";
import type { EventRecorder } from "./event-recorder.ts";
import { createReconciler } from "./reconciler.ts";

export interface ClaimBinderParts {
  store: Store;
  timers: Timers;
  events: EventRecorder;
  root: string;
}

export interface ClaimBinder {
  folder(namespace: string, claim: string): string;
  stop(): void;
}

const protection = "kubernetes.io/pvc-protection";

/** Binds claims of known storage classes to folders, and keeps a claim in use from vanishing. */
export function startClaimBinder({ store, timers, events, root }: ClaimBinderParts): ClaimBinder {
  const folder = (namespace: string, claim: string) => {
    const path = join(root, "claims", namespace, claim);
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o777);
    return path;
  };
  const queue = createReconciler(timers, () => {
    for (const claim of store.list("persistentvolumeclaims")) {
      if (claim.metadata.deletionTimestamp !== undefined) release(store, claim);
      else if (claim.status.phase !== "Bound") bind({ store, events }, claim);
    }
  });
  const stop = store.subscribe(({ resource }) => {
    if (["persistentvolumeclaims", "pods", "storageclasses"].includes(resource)) queue.add("all");
  });
  return { folder, stop };
}

function usersOf(store: Store, { metadata }: ClaimObject): PodObject[] {
  return store
    .list("pods", metadata.namespace ?? "")
    .filter((pod) => pod.spec.volumes?.some((volume) => volume.persistentVolumeClaim?.claimName === metadata.name));
}

function release(store: Store, claim: ClaimObject): void {
  if (usersOf(store, claim).length > 0) return;
  dropFinalizer(store, { resource: "persistentvolumeclaims", ref: refOf(claim) }, protection);
}

type BindParts = Pick<ClaimBinderParts, "store" | "events">;

function bind({ store, events }: BindParts, claim: ClaimObject): void {
  const className = claim.spec.storageClassName ?? defaultClass(store);
  const known = className === undefined ? undefined : store.get("storageclasses", { namespace: "", name: className });
  const say = (type: "Normal" | "Warning", reason: string, message: string) => {
    const told = store
      .list("events", claim.metadata.namespace)
      .some((event) => event.involvedObject.uid === claim.metadata.uid && event.message === message);
    if (!told) events.record(claim, { type, reason, message, component: "persistentvolume-controller" });
  };
  if (className === undefined) {
    say("Normal", "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
    return;
  }
  if (!known) {
    say("Warning", "ProvisioningFailed", `storageclass.storage.k8s.io "${className}" not found`);
    return;
  }
  const waits = known["volumeBindingMode"] === "WaitForFirstConsumer";
  if (waits && !usersOf(store, claim).some(({ spec }) => spec.nodeName)) {
    say("Normal", "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
    return;
  }
  store.update("persistentvolumeclaims", refOf(claim), (draft) => {
    draft.spec.storageClassName = className;
    draft.spec.volumeName = `pvc-${claim.metadata.uid}`;
    draft.status = {
      phase: "Bound",
      ...(claim.spec.accessModes === undefined ? {} : { accessModes: claim.spec.accessModes }),
      capacity: { storage: claim.spec.resources?.requests?.["storage"] ?? "1Gi" },
    };
  });
}

function defaultClass(store: Store): string | undefined {
  const classes = store.list("storageclasses") as KubeObject[];
  return classes.find(
    ({ metadata }) => metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true",
  )?.metadata.name;
}
