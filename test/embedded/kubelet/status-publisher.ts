import type { ObjectRef, PodStatus } from "../api-server/objects.ts";
import type { Store } from "../api-server/store.ts";
import type { Timers } from "../timers.ts";

/** Writes a pod's status some time after it changed; several changes in that time become one, as with kubelet. */
export interface StatusPublisher {
  publish(): void;
  /** Resolves when what is known now stands in the API. */
  flushed(): Promise<void>;
}

export interface PublisherParts {
  store: Store;
  timers: Timers;
  ref: ObjectRef;
  uid: string;
  delayMs(): number;
  /** A kubelet that has lost the API server cannot write. */
  isCutOff(): boolean;
  status(): PodStatus;
}

const retryMs = 50;

export function createStatusPublisher(parts: PublisherParts): StatusPublisher {
  const { store, timers, ref, uid } = parts;
  let scheduled: Promise<void> | undefined;

  async function writeLater(): Promise<void> {
    await timers.sleep(parts.delayMs());
    for (;;) {
      if (store.get("pods", ref)?.metadata.uid !== uid) break;
      if (!parts.isCutOff()) {
        scheduled = undefined;
        store.update("pods", ref, (draft) => {
          draft.status = parts.status();
        });
        break;
      }
      await timers.sleep(retryMs);
      if (timers.stopped) break;
    }
    scheduled = undefined;
  }

  const publish = () => {
    scheduled ??= writeLater();
  };
  return {
    publish,
    flushed: () => {
      publish();
      return scheduled ?? Promise.resolve();
    },
  };
}
