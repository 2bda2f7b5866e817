import type { KubeObject } from "../api-server/objects.ts";
import type { Store } from "../api-server/store.ts";
import { formatSeconds } from "../kubelet/node-clock.ts";

export interface EventNote {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  component: string;
  /** Such as `spec.containers{main}`. */
  fieldPath?: string;
}

export interface EventRecorder {
  record(about: KubeObject, note: EventNote): void;
}

/** Writes Events; the same one about the same object is counted up, as kubelet and controllers do. */
export function createEventRecorder(store: Store): EventRecorder {
  let serial = BigInt(Date.now()) * 1_000_000n;
  const names = new Map<string, string>();
  return {
    record(about, note) {
      const namespace = about.metadata.namespace ?? "default";
      const key = [about.metadata.uid, note.reason, note.message, note.fieldPath].join("|");
      const now = formatSeconds();
      const known = store.update("events", { namespace, name: names.get(key) ?? "" }, (draft) => {
        draft.count = (draft.count ?? 1) + 1;
        draft["lastTimestamp"] = now;
      });
      if (known) return;
      serial += 1n;
      const event = store.create("events", eventObject({ about, note, namespace, now, serial }));
      names.set(key, event.metadata.name);
    },
  };
}

function eventObject(parts: { about: KubeObject; note: EventNote; namespace: string; now: string; serial: bigint }) {
  const { about, note, namespace, now, serial } = parts;
  const isKubelet = note.component === "kubelet";
  return {
    kind: "Event",
    apiVersion: "v1",
    metadata: { name: `${about.metadata.name}.${serial.toString(16)}`, namespace },
    involvedObject: {
      kind: about.kind,
      namespace,
      name: about.metadata.name,
      uid: about.metadata.uid,
      apiVersion: about.apiVersion,
      resourceVersion: about.metadata.resourceVersion,
      ...(note.fieldPath === undefined ? {} : { fieldPath: note.fieldPath }),
    },
    reason: note.reason,
    message: note.message,
    source: { component: note.component, ...(isKubelet ? { host: "node1" } : {}) },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    type: note.type,
    eventTime: null,
    reportingComponent: note.component,
    reportingInstance: isKubelet ? "node1" : "",
  };
}
