import type { Timers } from "../timers.ts";

/** A work queue: each key is looked at once for all the changes that came before, never inside a store's own call. */
export interface Reconciler {
  add(key: string, afterMs?: number): void;
}

export function createReconciler(timers: Timers, reconcile: (key: string) => void, delayMs = 1): Reconciler {
  const waiting = new Set<string>();
  return {
    add(key, afterMs) {
      if (afterMs !== undefined && afterMs > delayMs) {
        timers.after(afterMs, () => reconcile(key));
        return;
      }
      if (waiting.has(key)) return;
      waiting.add(key);
      timers.after(delayMs, () => {
        waiting.delete(key);
        reconcile(key);
      });
    },
  };
}

export function keyOf({ metadata }: { metadata: { namespace?: string; name: string } }): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

export function refOfKey(key: string): { namespace: string; name: string } {
  const [namespace = "", name = ""] = key.split("/");
  return { namespace, name };
}
