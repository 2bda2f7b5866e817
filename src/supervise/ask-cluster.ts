import { isApiError } from "../cluster/api-error.ts";
import type { Job } from "../cluster/cluster.ts";
import { refOf } from "../cluster/ref-of.ts";
import type { WatchedRun } from "./watched-run.ts";

/** What the API said, or that it gave no answer that could be used. */
export type Asked<T> = { answer: true; value: T } | { answer: false };

/** Makes one call whose failure ends no run: the API is away, or does not allow it. */
export async function ask<T>(call: Promise<T>, signal: AbortSignal): Promise<Asked<T>> {
  try {
    return { answer: true, value: await call };
  } catch (error) {
    if (signal.aborted || !isApiError(error)) throw error;
    return { answer: false };
  }
}

export function askForJob({ run, deps }: WatchedRun, signal: AbortSignal): Promise<Asked<Job | undefined>> {
  return ask(deps.cluster.read("jobs", refOf(run.job), { signal }), signal);
}
