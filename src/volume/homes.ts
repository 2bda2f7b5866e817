import { homedir } from "node:os";
import path from "node:path";
import { isWithin } from "../lib/is-within.ts";
import { sharedHome } from "../lib/well-known-paths.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** The folders that agents may write to, as far as the server has them: the shared volume and Paperclip's home. */
export function writableHomes(env: Env): string[] {
  return [...new Set([sharedHome, paperclipHome(env)])];
}

/** As Paperclip itself finds it (2026.916.1, `resolvePaperclipHomeDir`). */
function paperclipHome(env: Env): string {
  const userHome = env["HOME"] || homedir();
  const named = env["PAPERCLIP_HOME"]?.trim();
  if (!named) return path.resolve(userHome, ".paperclip");
  return path.resolve(named === "~" || named.startsWith("~/") ? path.join(userHome, named.slice(1)) : named);
}

/** The home that a path lies in, the innermost of them. */
export function homeOf(file: string, env: Env): string | undefined {
  return writableHomes(env)
    .filter((home) => isWithin(file, home))
    .sort((a, b) => b.length - a.length)[0];
}

/** A list of folders in a variable, separated by colons like `PATH`. What is no absolute path is passed over. */
export function foldersIn(value: string | undefined): string[] {
  return (value ?? "")
    .split(":")
    .map((folder) => folder.trim())
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.resolve(folder));
}
