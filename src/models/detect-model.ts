import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { wordOf } from "../opencode/json-value.ts";
import { readJsoncObject } from "../opencode/jsonc.ts";
import { parseModelId } from "../opencode/model-id.ts";
import { fallbackModels } from "./fallback-models.ts";
import { providerKeys } from "./provider-keys.ts";

/** A model that agents can use as things are. */
export interface DetectedModel {
  model: string;
  provider: string;
  /** What it was found in: a variable or a file. */
  source: string;
}

type Env = Readonly<Record<string, string | undefined>>;

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

/** A fresh installation has no config, only a provider's key. */
function modelWithKey(env: Env): DetectedModel | null {
  for (const { id } of fallbackModels) {
    const provider = parseModelId(id)?.provider ?? "";
    const source = providerKeys[provider]?.find((name) => env[name]?.trim());
    if (source !== undefined) return { model: id, provider, source };
  }
  return null;
}

/**
 * The `model` of the OpenCode config that agents inherit, in OpenCode's own order of precedence; without one, the first
 * model of the fallback list whose provider has a key.
 */
export async function detectModel(env: Env, readText: ReadText = readIfThere): Promise<DetectedModel | null> {
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
  return modelWithKey(env);
}
