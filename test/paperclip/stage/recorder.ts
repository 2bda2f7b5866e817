import { setTimeout as delay } from "node:timers/promises";
import type { Cluster, Resource, Resources } from "../../../src/cluster/cluster.ts";

/** Every state of a namespace's objects of one kind, as a watch saw them. */
export interface Recorder<T> {
  /** All states seen of the objects that match, oldest first. */
  states(matches?: (object: T) => boolean): T[];
  /** The last state seen of each object that matches. */
  last(matches?: (object: T) => boolean): T[];
  stop(): Promise<void>;
}

/** Records as the administrator, beside whatever the adapter does. */
export async function recordObjects<R extends Resource>(
  cluster: Cluster,
  resource: R,
  namespace: string,
): Promise<Recorder<Resources[R]>> {
  const seen: Resources[R][] = [];
  const end = new AbortController();
  const { signal } = end;
  const first = await cluster.list(resource, namespace, { signal });
  seen.push(...first.items);
  const following = (async () => {
    let { resourceVersion } = first;
    while (!signal.aborted) {
      try {
        for await (const event of cluster.watch(resource, namespace, { resourceVersion, signal })) {
          if (event.type === "BOOKMARK") resourceVersion = event.resourceVersion;
          else {
            seen.push(event.object);
            resourceVersion = event.object.metadata?.resourceVersion ?? resourceVersion;
          }
        }
      } catch {
        if (!signal.aborted) await delay(200);
      }
    }
  })();
  const all = () => true;
  return {
    states: (matches = all) => seen.filter(matches),
    last: (matches = all) => [
      ...new Map(seen.filter(matches).map((object) => [object.metadata?.uid, object])).values(),
    ],
    async stop() {
      end.abort();
      await following;
    },
  };
}
