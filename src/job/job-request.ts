import type { Policy } from "../config/policy/policy.ts";
import type { Settings } from "../config/settings.ts";
import type { Host } from "../host/host.ts";
import type { SharedFolder } from "./shared-folders.ts";

/** How the prompt gets into the pod. */
export type PromptDelivery =
  | { kind: "env"; parts: readonly string[] }
  /** Each item is the data of one Secret, in order. */
  | { kind: "secret"; secrets: readonly (readonly Uint8Array[])[] };

/** Everything a run's Kubernetes objects are made of. */
export interface JobRequest {
  agent: { id: string; name: string };
  runId: string;
  companyId: string;
  taskId?: string | undefined;
  sessionId?: string | undefined;
  /** 0, or 1 for the second try with a fresh session. */
  attempt: number;
  namespace: string;
  /** Who makes it: names the process in the prepared Job. */
  suspendedBy: string;
  settings: Settings;
  /** The operator's, which the pod is held to when podTemplate is merged into it. */
  policy: Policy;
  /** Absent outside a cluster. */
  host: Host | undefined;
  /** The command with its arguments: `opencode run …`. */
  command: readonly string[];
  cwd: string;
  /** What of the shared volume the pod gets, folder by folder. Absent: all of it. */
  sharedFolders?: readonly SharedFolder[] | undefined;
  prompt: PromptDelivery;
  /** `PAPERCLIP_*` and the agent's own variables; those of `secret` go into the run's Secret. */
  env: { plain: Readonly<Record<string, string>>; secret: Readonly<Record<string, string>> };
  /** For `OPENCODE_CONFIG_CONTENT`. */
  opencodeConfig: string;
  nonce: string;
  discardDatabase: boolean;
}
