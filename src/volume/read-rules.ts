import path from "node:path";
import { isWithin } from "../lib/is-within.ts";
import { type ReadRules, UnsafeFile } from "../lib/read-untrusted-file.ts";
import { type Env, foldersIn, homeOf } from "./homes.ts";

/** On Paperclip's Deployment: more folders that the server may read agents' instructions from, separated by colons. */
export const readRootsVariable = "OPENCODE_K8S_READ_ROOTS";

export interface Reader {
  agentId: string;
  companyId: string;
  /** Paperclip's own environment. */
  env: Env;
}

/**
 * What the server may read for one agent, whose own settings name the file. Throws `UnsafeFile` for a path that no link
 * and no later look could make right.
 */
export function rulesForAgentFile(file: string, reader: Reader): ReadRules {
  const { env } = reader;
  const root = foldersIn(env[readRootsVariable]).find((folder) => isWithin(file, folder));
  if (root !== undefined) return rulesForFolder(root, env);
  const home = homeOf(file, env);
  if (home === undefined) {
    throw new UnsafeFile(
      `the server reads no agent's files there; put it below /paperclip, or name its folder in ${readRootsVariable} on Paperclip's Deployment`,
    );
  }
  const segments = path.relative(home, file).split("/");
  const folder = segments[0] === "instances" ? ownFolder(segments, reader) : sharedFolder(segments);
  if (folder === undefined) {
    throw new UnsafeFile("its folder belongs to Paperclip's server, to another company or to another agent");
  }
  return { within: [{ path: path.join(home, folder), anchor: home }], without: serverFiles(env) };
}

/** For files of a folder that the server or the operator has named. On a volume that agents write to, no link is followed. */
export function rulesForFolder(folder: string, env: Env): ReadRules {
  const home = homeOf(folder, env);
  return {
    within: [home === undefined ? { path: folder } : { path: folder, anchor: home }],
    without: serverFiles(env),
    followLinks: home === undefined,
  };
}

/** Folders with a dot at the volume's top hold logins, settings and databases of all. */
function sharedFolder([first = "", ...rest]: string[]): string | undefined {
  if (first.startsWith(".")) return undefined;
  return rest.length === 0 ? "" : first;
}

/**
 * Of an instance's folder, what is this agent's or its company's: `companies/C/agents/A` holds its managed instructions,
 * `workspaces/A` is where it works, `projects/C` and `skills/C` are its company's (Paperclip 2026.916.1). The rest is the
 * server's: configuration, keys, database, logs, backups.
 */
function ownFolder(segments: string[], { agentId, companyId, env }: Reader): string | undefined {
  const [, instance, kind, owner, section, agent] = segments;
  if (instance !== (env["PAPERCLIP_INSTANCE_ID"]?.trim() || "default")) return undefined;
  if (kind === "workspaces") return owner === agentId ? segments.slice(0, 4).join("/") : undefined;
  if (owner !== companyId) return undefined;
  if (kind === "projects" || kind === "skills") return segments.slice(0, 4).join("/");
  if (kind !== "companies" || section === undefined) return undefined;
  if (section !== "agents") return segments.slice(0, 5).join("/");
  return agent === agentId ? segments.slice(0, 6).join("/") : undefined;
}

const serverFileNames =
  /^(PAPERCLIP|RUN_LOG|BETTER_AUTH|DATABASE|POSTGRES|PG)[A-Z0-9_]*(_FILE|_PATH|_DIR|_ROOT|PASSFILE)$/;

/** Files and folders that the server's environment names as its own, wherever an operator has put them. */
function serverFiles(env: Env): string[] {
  const own = Object.entries(env).flatMap(([name, value]) => {
    if (!value || !path.isAbsolute(value)) return [];
    // The settings' file has one with secrets beside it.
    if (name === "PAPERCLIP_CONFIG") return [value, path.join(path.dirname(value), ".env")];
    return serverFileNames.test(name) ? [value] : [];
  });
  return own.map((file) => path.resolve(file)).filter((file) => !isAboveHome(file, env));
}

function isAboveHome(folder: string, env: Env): boolean {
  return homeOf(folder, env) === folder || folder === "/";
}
