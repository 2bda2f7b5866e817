import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { wordOf } from "../opencode/json-value.ts";
import { readJsoncObject } from "../opencode/jsonc.ts";
import { parseModelId } from "../opencode/model-id.ts";

/** A model that is configured already, and where. */
export interface DetectedModel {
  model: string;
  provider: string;
  source: string;
}

export type ReadText = (path: string) => Promise<string | undefined>;

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined); // missing or unreadable: the next place is looked at
}

function modelIn(text: string | undefined, source: string): DetectedModel | undefined {
  if (text === undefined) return undefined;
  const config = readJsoncObject(text);
  const model = config.kind === "object" ? wordOf(config.value.model) : undefined;
  const id = model === undefined ? undefined : parseModelId(model);
  return model === undefined || id === undefined ? undefined : { model, provider: id.provider, source };
}

/** The `model` of the OpenCode config that agents inherit, in OpenCode's own order of precedence. */
export async function detectModel(
  env: Readonly<Record<string, string | undefined>>,
  readText: ReadText = readIfThere,
): Promise<DetectedModel | null> {
  const inherited = modelIn(env.OPENCODE_CONFIG_CONTENT, "OPENCODE_CONFIG_CONTENT");
  if (inherited !== undefined) return inherited;
  const folder = join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config"), "opencode");
  const files = [
    env.OPENCODE_CONFIG,
    ...["opencode.jsonc", "opencode.json", "config.json"].map((name) => join(folder, name)),
  ];
  for (const path of files) {
    const found = path ? modelIn(await readText(path), path) : undefined;
    if (found !== undefined) return found;
  }
  return null;
}
