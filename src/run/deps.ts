import type { Cluster } from "../cluster/cluster.ts";
import type { ReadPolicy } from "../config/policy-reader.ts";
import type { AgentQueue } from "../guard/agent-queue.ts";
import type { SuspendedJobCleanup } from "../guard/suspended-job-cleanup.ts";
import type { ReadHost } from "../host/read-host.ts";
import type { PodWatcher } from "../pod/pod-watcher.ts";
import type { RunLimits } from "./limits.ts";

/** What a run needs of the process it runs in. Made once by the adapter, shared by all runs. */
export interface Deps {
  /** The connection for a kubeconfig, kept; undefined is the pod's service account. */
  connect(kubeconfig: string | undefined): Promise<Cluster>;
  readHost: ReadHost;
  /** The operator's policy, kept. */
  readPolicy: ReadPolicy;
  podWatcher(cluster: Cluster, namespace: string): PodWatcher;
  agentQueue: AgentQueue;
  suspendedJobs: SuspendedJobCleanup;
  /** UIDs of the Jobs and pods whose result was already returned to Paperclip. */
  reportedUids: { has(uid: string): boolean; add(uid: string): void };
  /** Paperclip's own environment. */
  env: Readonly<Record<string, string | undefined>>;
  /** Where this process has the shared volume. */
  sharedDir: string;
  /** Names this process in the Jobs that it creates suspended. */
  processName: string;
  limits: RunLimits;
  /** Work that no result waits for. Its failure is reported to the operator. */
  background(what: string, work: Promise<unknown>): void;
  /** Tells the operator, in the log of Paperclip's server. */
  warn(message: string): void;
}
