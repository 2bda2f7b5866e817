import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { readUntrustedFile } from "../lib/read-untrusted-file.ts";
import type { JsonRecord } from "../opencode/json-value.ts";
import { readJsoncObject } from "../opencode/jsonc.ts";
import type { Env } from "../volume/homes.ts";
import { rulesForFolder } from "../volume/read-rules.ts";

/** Undefined: there is none, or it must not be read. */
export type ReadText = (path: string) => Promise<string | undefined>;

/** OpenCode's configuration from one place. */
export interface InheritedConfig {
  config: JsonRecord;
  /** A variable or a file. */
  source: string;
}

/**
 * The configurations that agents inherit, in OpenCode's own order of precedence. What cannot be read is passed over.
 * Those on the shared volume are what any agent may have written.
 */
export async function readInheritedConfigs(env: Env, readText: ReadText = safely(env)): Promise<InheritedConfig[]> {
  const folder = join(env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config"), "opencode");
  const files = [
    env["OPENCODE_CONFIG"],
    ...["opencode.jsonc", "opencode.json", "config.json"].map((name) => join(folder, name)),
  ];
  const texts = await Promise.all(
    files.flatMap((file) => (file ? [readText(file).then((text) => ({ text, source: file }))] : [])),
  );
  return [{ text: env["OPENCODE_CONFIG_CONTENT"], source: "OPENCODE_CONFIG_CONTENT" }, ...texts].flatMap(
    ({ text, source }) => {
      const read = text === undefined ? undefined : readJsoncObject(text);
      return read?.kind === "object" ? [{ config: read.value, source }] : [];
    },
  );
}

function safely(env: Env): ReadText {
  return (path) => {
    const file = resolve(path);
    return readUntrustedFile(file, rulesForFolder(resolve(file, ".."), env)).catch(() => undefined); // the next place is looked at
  };
}
