import { posix } from "node:path";
import type { Settings } from "../config/settings.ts";
import type { Host } from "../host/host.ts";
import { path, savedDatabasePath, savedDatabasesPath } from "../job/paths.ts";
import { type SharedFolder, settleSharedFolders } from "../job/shared-folders.ts";
import { UnsafeFile } from "../lib/read-untrusted-file.ts";
import { rulesForAgentFile } from "../volume/read-rules.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface FoldersRequest {
  agentId: string;
  companyId: string;
  settings: Pick<Settings, "isolation" | "agentDbMode" | "instructionsFilePath">;
  host: Host | undefined;
  /** The folders that Paperclip names for this run: its workspaces and the agent's own. */
  workFolders: readonly string[];
  /** The folders of the agent's skills. */
  skillFolders: readonly string[];
  /** Paperclip's own environment. */
  env: Env;
}

/**
 * What of the shared volume a run gets with `isolation: strict`: where it works, for writing; its instructions and
 * skills, for reading; its saved database. Undefined: all of it, or there is no shared volume.
 *
 * Only what Paperclip itself names counts. A `cwd` of the agent's settings does not: the agent may have written it.
 */
export function sharedFoldersOf(request: FoldersRequest): SharedFolder[] | undefined {
  const { settings, host, workFolders, skillFolders, agentId } = request;
  if (settings.isolation !== "strict" || !host?.sharedVolume) return undefined;
  const wanted = [
    ...workFolders.map((folder) => ({ path: folder, readOnly: false })),
    ...instructionsFolder(request).map((folder) => ({ path: folder, readOnly: true })),
    ...skillFolders.map((folder) => ({ path: folder, readOnly: true })),
  ];
  const saved = { path: savedDatabasePath(agentId), readOnly: false };
  const keepsDatabase = settings.agentDbMode === "ephemeral" && !host.sharedVolume.readOnly;
  return [...settleSharedFolders(wanted, serverFolders(request.env)), ...(keepsDatabase ? [saved] : [])];
}

/** An agent may set the path itself: what the server would not read for it is not given to its pod either. */
function instructionsFolder({ settings, agentId, companyId, env }: FoldersRequest): string[] {
  const file = settings.instructionsFilePath;
  if (!file?.startsWith("/")) return [];
  try {
    rulesForAgentFile(posix.resolve(file), { agentId, companyId, env });
    return [posix.dirname(posix.resolve(file))];
  } catch (error) {
    if (error instanceof UnsafeFile) return []; // the run's log says so where the file is read
    throw error;
  }
}

/** Folders of Paperclip's server below its instance (home-paths.js of server 2026.916.1), and all saved databases. */
function serverFolders(env: Env): string[] {
  const instances = `${env["PAPERCLIP_HOME"] || `${path.shared}/.paperclip`}/instances`;
  const roots = [
    `${instances}/${env["PAPERCLIP_INSTANCE_ID"] || "default"}`,
    ...(env["PAPERCLIP_CONFIG"] ? [posix.dirname(env["PAPERCLIP_CONFIG"])] : []),
  ];
  const own = ["secrets", "db", "data", "logs", "plugins", "adapter-plugins", ".env", "config.json"];
  const keyFile = env["PAPERCLIP_SECRETS_MASTER_KEY_FILE"];
  return [
    savedDatabasesPath,
    ...roots.flatMap((root) => own.map((name) => `${root}/${name}`)),
    ...(keyFile ? [posix.dirname(keyFile)] : []),
  ];
}
