import type { Store } from "../api-server/store.ts";
import type { EventRecorder } from "../controllers/event-recorder.ts";
import type { Timers } from "../timers.ts";
import type { LogLimits } from "./container-log.ts";
import type { Images } from "./images.ts";
import type { NodeClock } from "./node-clock.ts";
import type { Reaper } from "./process-tree.ts";

/** What the node gives to every pod on it. */
export interface KubeletContext {
  store: Store;
  timers: Timers;
  clock: NodeClock;
  events: EventRecorder;
  reaper: Reaper;
  images: Images;
  /** Folder of all pods' volumes and logs. */
  root: string;
  logLimits: LogLimits;
  /** May change while the cluster runs. */
  state: { statusDelayMs: number; isLost: boolean };
  /** A fault: words with which admission refuses the pods of Jobs. */
  podRefusal: { words: string | undefined };
  claimFolder(namespace: string, claim: string): string;
  tokenFor(namespace: string, serviceAccount: string): string;
  /** `KUBERNETES_SERVICE_HOST` and its like. */
  serviceEnv(): Record<string, string>;
}

export const nodeName = "node1";
