import { isApiError } from "../cluster/api-error.ts";
import type { Cluster, Job, Pod } from "../cluster/cluster.ts";
import type { RunLog } from "../run-log/run-log.ts";
import { SayAtIntervals } from "../run-log/say-at-intervals.ts";
import type { StartLimits } from "./limits.ts";
import type { PodFailure } from "./pod-verdict.ts";
import type { PodView } from "./pod-watcher.ts";
import { StartDeadline } from "./start-deadline.ts";

export interface StartDeps {
  cluster: Pick<Cluster, "list" | "read">;
  view: PodView;
  log: RunLog;
  limits: StartLimits;
}

/** What became of the wait for a pod: it runs (or already ended), or never will. */
export type Start = { kind: "started"; pod: Pod; atMs: number } | { kind: "failed"; failure: PodFailure };

/** What all looks of one wait share. */
export interface StartWait extends StartDeps {
  job: Job;
  deadline: StartDeadline;
  waits: SayAtIntervals;
}

export function beginStartWait(job: Job, deps: StartDeps): StartWait {
  const { log, limits } = deps;
  const { sayEveryMs, explainAfterMs } = limits;
  const firstAfterMs = Math.min(sayEveryMs, explainAfterMs);
  const waits = new SayAtIntervals(log, { everyMs: sayEveryMs, firstAfterMs, changedAfterMs: firstAfterMs });
  return { ...deps, job, deadline: new StartDeadline(limits), waits };
}

export function sayWaitsFor(why: string, { waits }: Pick<StartWait, "waits">): Promise<void> {
  return waits.say((minutes) => `waiting for ${why}${minutes === 0 ? "" : ` (${minutes} min so far)`}`);
}

/** The answer, or what takes its place where the Role does not allow to ask. */
export async function permitted<T, N>(call: Promise<T>, otherwise: N): Promise<T | N> {
  try {
    return await call;
  } catch (error) {
    if (isApiError(error, "denied")) return otherwise;
    throw error;
  }
}
