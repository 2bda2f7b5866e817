import type { PodFailure } from "../pod/pod-verdict.ts";
import { nameDeletion } from "../pod/state-verdict.ts";
import { askForJob } from "./ask-cluster.ts";
import type { Ending } from "./ending.ts";
import type { WatchedRun } from "./watched-run.ts";

/** A failure of the pod as an ending. Of a deleted pod only the Job tells whether somebody deleted the Job. */
export async function failed(failure: PodFailure, watched: WatchedRun, signal: AbortSignal): Promise<Ending> {
  if (failure.code !== "k8s_pod_deleted") return { kind: "failed", failure };
  const found = await askForJob(watched, signal);
  return { kind: "failed", failure: found.answer ? nameDeletion(failure, watched.run.job, found.value) : failure };
}
