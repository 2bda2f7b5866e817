import { isRecord, type JsonRecord, recordOf } from "../opencode/json-value.ts";
import { parseModelId } from "../opencode/model-id.ts";
import { type Model, modelOf } from "./model.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** More than any catalogue has (1.18.33: 4,000 of 120 providers); a form with more is of no use. */
const mostModels = 10_000;
const longestId = 200;

/**
 * The models that agents can use as things are, by the rules of `opencode models` (measured with 1.18.33): of a provider
 * with one of its keys in the environment or with an entry in the configuration, without what is deprecated or alpha; of
 * OpenCode's own provider without a key, what is free. `catalogue` may hold anything.
 */
export function listModels(catalogue: unknown, { env, config }: { env: Env; config: JsonRecord }): Model[] {
  const configured = recordOf(config.provider);
  const known = recordOf(catalogue);
  const ids = [...new Set([...Object.keys(known), ...Object.keys(configured)])]
    .filter((provider) => isEnabled(provider, config))
    .flatMap((provider) => {
      const own = recordOf(configured[provider]);
      const models = modelsOf(provider, { known: recordOf(known[provider]), own: configured[provider], env });
      return models.filter((model) => isListed(model, own)).map((model) => `${provider}/${model}`);
    })
    .filter((id) => id.length <= longestId && parseModelId(id) !== undefined && isPlain(id));
  const sorted = [...new Set(ids)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return sorted.slice(0, mostModels).map(modelOf);
}

function isEnabled(provider: string, config: JsonRecord): boolean {
  const { disabled_providers: disabled, enabled_providers: enabled } = config;
  if (Array.isArray(disabled) && disabled.includes(provider)) return false;
  return !Array.isArray(enabled) || enabled.includes(provider);
}

function isListed(model: string, { whitelist, blacklist }: JsonRecord): boolean {
  if (Array.isArray(blacklist) && blacklist.includes(model)) return false;
  return !Array.isArray(whitelist) || whitelist.includes(model);
}

function modelsOf(provider: string, { known, own, env }: { known: JsonRecord; own: unknown; env: Env }): string[] {
  const keys = Array.isArray(known.env) ? known.env : [];
  const hasKey = keys.some((name) => typeof name === "string" && env[name]?.trim());
  const offered = Object.entries(recordOf(known.models)).filter(([, model]) => isOffered(model));
  const added = Object.keys(recordOf(recordOf(own).models));
  if (hasKey || isRecord(own)) return [...offered.map(([id]) => id), ...added];
  return provider === "opencode" ? offered.filter(([, model]) => isFree(model)).map(([id]) => id) : [];
}

function isOffered(model: unknown): boolean {
  return isRecord(model) && model.status !== "deprecated" && model.status !== "alpha";
}

function isFree(model: unknown): boolean {
  return recordOf(recordOf(model).cost).input === 0;
}

/** Nothing that a page or a terminal would take for more than a name. */
function isPlain(id: string): boolean {
  return /^[\w./:@+~-]+$/.test(id);
}
