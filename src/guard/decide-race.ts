import type { Job } from "../cluster/cluster.ts";
import { isFinished, isSuspendedByMaker } from "./job-state.ts";

/**
 * - `go-on`: no other Job lives
 * - `yield`: this run's Job gives way
 * - `wait`: the other is suspended and its maker will see that it has to give way, unless it looked before ours was there
 */
export type Race = { kind: "go-on" } | { kind: "yield" | "wait"; to: Job };

/**
 * Whether a run, having created its own Job, may resume it. Of two processes each looks after its create: the later one
 * sees the other's Job, so nobody goes on while it sees any. Age, then name, only decides who gives way.
 * No run gives way to a Job whose result was already returned (`reportedUids`).
 */
export function decideRace(own: Job, all: readonly Job[], reportedUids: { has(uid: string): boolean }): Race {
  const jobs = all.filter((job) => !reportedUids.has(job.metadata?.uid ?? ""));
  const [other] = jobs.filter((job) => job.metadata?.uid !== own.metadata?.uid && !isFinished(job));
  if (!other) return { kind: "go-on" };
  const elder = mustYield(own, jobs);
  const resumed = jobs.find(
    (job) => job.metadata?.uid !== own.metadata?.uid && !isFinished(job) && !isSuspendedByMaker(job),
  );
  const to = elder ?? resumed;
  return to ? { kind: "yield", to } : { kind: "wait", to: other };
}

/** The elder Job, if there is one: age counts, equal ages by name. */
export function mustYield(own: Job, jobs: readonly Job[]): Job | undefined {
  const rank = (job: Job) => `${job.metadata?.creationTimestamp ?? ""} ${job.metadata?.name ?? ""}`;
  return jobs.find((job) => job.metadata?.uid !== own.metadata?.uid && !isFinished(job) && rank(job) < rank(own));
}
