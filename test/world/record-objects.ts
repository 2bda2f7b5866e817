import type { Resources } from "../../src/cluster/cluster.ts";
import { label } from "../../src/job/names.ts";
import type { World } from "./world.ts";

type Recorded = "jobs" | "pods";

/** Every version of every Job and pod of runs while it records. */
export interface Recording {
  /** All of them as JSON. */
  readonly text: string;
  count(resource: Recorded): number;
  /** Of the agent alone, where one is named: pods of earlier runs may still change while it records. */
  last<R extends Recorded>(resource: R, agentId?: string): Resources[R] | undefined;
  stop(): Promise<void>;
}

/** Watches as the administrator: what stood in the API at any time, not only at the end. */
export async function recordObjects({ admin, namespace }: World): Promise<Recording> {
  const life = new AbortController();
  const seen: { resource: Recorded; object: Resources[Recorded] }[] = [];
  const watch = async (resource: Recorded) => {
    const labelSelector = "app.kubernetes.io/component=agent-job";
    const { resourceVersion } = await admin.list(resource, namespace, { labelSelector, signal: life.signal });
    const follow = async () => {
      for await (const event of admin.watch(resource, namespace, {
        labelSelector,
        resourceVersion,
        signal: life.signal,
      })) {
        if (event.type !== "BOOKMARK") seen.push({ resource, object: event.object });
      }
    };
    return follow().catch((error: unknown) => {
      if (!life.signal.aborted) throw error;
    });
  };
  const started = [watch("jobs"), watch("pods")];
  // The lists are answered before the first story step: what comes after is in the watches.
  await new Promise((resolve) => setTimeout(resolve, 300));
  return {
    get text() {
      return JSON.stringify(seen);
    },
    count: (resource) =>
      new Set(seen.filter((entry) => entry.resource === resource).map(({ object }) => object.metadata?.uid)).size,
    last: <R extends Recorded>(resource: R, agentId?: string) =>
      seen.findLast(
        (entry) =>
          entry.resource === resource &&
          (agentId === undefined || entry.object.metadata?.labels?.[label.agent] === agentId),
      )?.object as Resources[R] | undefined,
    stop: async () => {
      life.abort(new Error("recorded enough"));
      await Promise.all(started);
    },
  };
}
