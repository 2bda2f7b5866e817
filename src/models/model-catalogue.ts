import { messageOf } from "../lib/message.ts";
import { type JsonRecord, readJson, recordOf } from "../opencode/json-value.ts";
import type { Env } from "../volume/homes.ts";
import { fetchCatalogue, readCachedCatalogue } from "./catalogue-text.ts";
import { fallbackModels } from "./fallback-models.ts";
import { type InheritedConfig, readInheritedConfigs } from "./inherited-config.ts";
import { listModels } from "./list-models.ts";
import type { Model } from "./model.ts";

export interface ModelCatalogue {
  /** The models that agents can use as things are, from a catalogue of at most an hour; the fallback list without one. */
  listModels(): Promise<Model[]>;
  /** The same, after the catalogue was fetched anew. */
  refreshModels(): Promise<Model[]>;
}

/** Where a catalogue's text comes from. Undefined: nowhere, and that is no fault. */
export interface CatalogueSources {
  fetched(): Promise<string | undefined>;
  cached(): Promise<string | undefined>;
}

export interface ModelCatalogueDeps {
  /** Paperclip's own environment. */
  env: Env;
  /** Told once for each new reason why there is no catalogue. */
  warn(message: string): void;
  sources?: CatalogueSources;
  now?: () => number;
}

/** A failure is kept for a while, or each opened form would wait for it again. */
const freshMs = { fetched: 60 * 60_000, otherwise: 10 * 60_000 };

/**
 * Lists models for Paperclip's form from OpenCode's catalogue. No OpenCode is started in the server: its configuration
 * and its plugins lie where agents write, and it would run them beside Paperclip's keys.
 */
export function createModelCatalogue(deps: ModelCatalogueDeps): ModelCatalogue {
  const { env, now = Date.now } = deps;
  const sources = deps.sources ?? { fetched: () => fetchCatalogue(env), cached: () => readCachedCatalogue(env) };
  let known: { catalogue: unknown; until: number } | undefined;
  let asking: Promise<unknown> | undefined;
  let lastWarning: string | undefined;

  /** When all sources fail, the last catalogue that there was. */
  async function load(): Promise<unknown> {
    const reasons: string[] = [];
    for (const source of ["fetched", "cached"] as const) {
      const catalogue = await sources[source]().then(
        (text) => (text === undefined ? undefined : parse(text, reasons)),
        (error: unknown) => void reasons.push(messageOf(error)),
      );
      if (catalogue === undefined) continue;
      known = { catalogue, until: now() + (source === "fetched" ? freshMs.fetched : freshMs.otherwise) };
      return catalogue;
    }
    complain(reasons);
    known = { catalogue: known?.catalogue, until: now() + freshMs.otherwise };
    return known.catalogue;
  }

  function complain(reasons: string[]): void {
    const message = `the catalogue of models cannot be had (${reasons.join("; ")}); a short list is offered, and any provider/model can be typed`;
    if (reasons.length > 0 && message !== lastWarning) deps.warn(message);
    lastWarning = message;
  }

  function loadOnce(): Promise<unknown> {
    asking ??= load().finally(() => {
      asking = undefined;
    });
    return asking;
  }

  async function list(catalogue: unknown): Promise<Model[]> {
    const models = listModels(catalogue, { env, config: mergeConfigs(await readInheritedConfigs(env)) });
    return catalogue === undefined || models.length === 0 ? merged(models) : models;
  }

  return {
    listModels: async () => list(known !== undefined && now() < known.until ? known.catalogue : await loadOnce()),
    refreshModels: async () => list(await loadOnce()),
  };
}

/** What the first place says counts, as in OpenCode; providers come from all of them. */
function mergeConfigs(configs: readonly InheritedConfig[]): JsonRecord {
  const lastFirst = configs.map(({ config }) => config).reverse();
  const provider = Object.assign({}, ...lastFirst.map((config) => recordOf(config.provider)));
  return { ...Object.assign({}, ...lastFirst), provider };
}

function merged(models: Model[]): Model[] {
  const ids = new Set(models.map(({ id }) => id));
  return [...models, ...fallbackModels.filter(({ id }) => !ids.has(id))];
}

function parse(text: string, reasons: string[]): unknown {
  const catalogue = readJson(text);
  if (typeof catalogue === "object" && catalogue !== null) return catalogue;
  reasons.push("it is not JSON");
  return undefined;
}
