import type { Cluster } from "../cluster/cluster.ts";
import { refOf } from "../cluster/ref-of.ts";
import { ownSelector } from "../job/names.ts";
import { bounded } from "../lib/bounded.ts";
import { abandonedSuspendedJobs } from "./job-state.ts";

/** Removes from a namespace what no run of its agent may ever come for. */
export interface SuspendedJobCleanup {
  /** Looks if nobody has for `everyMs`; resolves to the names of the Jobs that were removed. Rejects with what refused it. */
  sweep(cluster: Pick<Cluster, "list" | "delete" | "server">, namespace: string): Promise<string[]>;
}

export interface SweepLimits {
  everyMs: number;
  /** The process of a Job that is suspended this long is dead: nobody will resume it. */
  suspendedForeignMs: number;
}

const sweepMs = 30_000;

/**
 * A Job that is never resumed has no TTL, and its Secret holds a run key. The agent's next run removes it; a sweep removes
 * those of agents that have no next run.
 */
export function createSuspendedJobCleanup({ everyMs, suspendedForeignMs }: SweepLimits): SuspendedJobCleanup {
  const sweptAtMs = new Map<string, number>();
  return {
    async sweep(cluster, namespace) {
      const key = `${cluster.server} ${namespace}`;
      const nowMs = Date.now();
      if (nowMs - (sweptAtMs.get(key) ?? Number.NEGATIVE_INFINITY) < everyMs) return [];
      sweptAtMs.set(key, nowMs);
      const bound = bounded(new AbortController().signal, sweepMs);
      try {
        const { items } = await cluster.list("jobs", namespace, { labelSelector: ownSelector, signal: bound.signal });
        const abandoned = abandonedSuspendedJobs(items, { nowMs, suspendedForeignMs });
        for (const job of abandoned) {
          const uid = job.metadata?.uid;
          await cluster.delete("jobs", refOf(job), { signal: bound.signal, ...(uid ? { uid } : {}) });
        }
        return abandoned.map((job) => refOf(job).name);
      } finally {
        bound.done();
      }
    },
  };
}
