import type { Cluster } from "../cluster/cluster.ts";
import type { Policy } from "../config/policy/policy.ts";
import type { Settings } from "../config/settings.ts";
import type { Host } from "../host/host.ts";
import type { Finding } from "./finding.ts";

/** Where the agent's Jobs would run, as far as it is known. */
export interface CheckContext {
  settings: Settings;
  policy: Policy;
  cluster: Cluster;
  namespace: string;
  /** Absent outside a cluster, or when Paperclip's pod cannot be read. */
  host: Host | undefined;
  /** Paperclip's own environment. */
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}

/** Looks at one thing. May throw `ApiError` when the cluster does not let it. */
export type Check = (site: CheckContext) => Finding[] | Promise<Finding[]>;

export interface PreflightRequest {
  companyId: string;
  /** For all of it, with the removal of what it made. */
  limitMs: number;
}

/** Looks from inside a pod that is made as a run's is, and leaves nothing of it. */
export type Preflight = (site: CheckContext, request: PreflightRequest) => Promise<Finding[]>;
