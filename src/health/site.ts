import type { Cluster } from "../cluster/cluster.ts";
import type { Settings } from "../config/settings.ts";
import type { Host } from "../host/host.ts";
import type { Finding } from "./finding.ts";

/** Where the agent's Jobs would run, as far as it is known. */
export interface Site {
  settings: Settings;
  cluster: Cluster;
  namespace: string;
  /** Absent outside a cluster, or when Paperclip's pod cannot be read. */
  host: Host | undefined;
  /** Paperclip's own environment. */
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}

/** Looks at one thing. May throw `ApiError` when the cluster does not let it. */
export type Check = (site: Site) => Finding[] | Promise<Finding[]>;
