import { wordOf } from "../opencode/json-value.ts";
import { parseModelId } from "../opencode/model-id.ts";
import type { Env } from "../volume/homes.ts";
import { fallbackModels } from "./fallback-models.ts";
import { type InheritedConfig, type ReadText, readInheritedConfigs } from "./inherited-config.ts";
import { providerKeys } from "./provider-keys.ts";

/** A model that agents can use as things are. */
export interface DetectedModel {
  model: string;
  provider: string;
  /** What it was found in: a variable or a file. */
  source: string;
}

function modelIn({ config, source }: InheritedConfig): DetectedModel[] {
  const model = wordOf(config.model);
  const id = model === undefined ? undefined : parseModelId(model);
  return model === undefined || id === undefined ? [] : [{ model, provider: id.provider, source }];
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
export async function detectModel(env: Env, readText?: ReadText): Promise<DetectedModel | null> {
  const configs = await readInheritedConfigs(env, readText);
  return configs.flatMap(modelIn)[0] ?? modelWithKey(env);
}
