import type { Cluster, Job } from "../cluster/cluster.ts";
import type { PodView, PodWatcher } from "../pod/pod-watcher.ts";
import type { RunLog } from "../run-log/run-log.ts";
import type { Ending, Stop } from "./ending.ts";
import type { SuperviseLimits } from "./limits.ts";
import type { RunOutput } from "./run-output.ts";

export interface Supervision {
  job: Job;
  nonce: string;
  /** Seconds, 0: none. */
  timeoutSec: number;
  graceSec: number;
  inactivityTimeoutSec: number;
  onLine(line: string): void;
  onStderr(line: string): void;
}

export interface SuperviseDeps {
  cluster: Cluster;
  podWatcher: PodWatcher;
  log: RunLog;
  limits: SuperviseLimits;
  /** Cancellation by the user. */
  signal: AbortSignal;
}

/** What each watcher of the race is given: the run, its pod as the cluster shows it, and its output. */
export interface WatchedRun {
  run: Supervision;
  deps: SuperviseDeps;
  view: PodView;
  output: RunOutput;
}

/** What a watcher found: a reason for the adapter to stop the run, or an ending that came by itself. */
export type Cause = { kind: "stop"; stop: Stop } | { kind: "over"; ending: Ending };
