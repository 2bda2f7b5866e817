import { messageOf } from "../lib/message.ts";
import type { AskOpencode } from "./ask-opencode.ts";
import { fallbackModels } from "./fallback-models.ts";
import type { Model } from "./model.ts";
import { parseModelList } from "./parse-model-list.ts";

export interface ModelCatalogue {
  /** What OpenCode lists, at most a minute old; the fallback list if it cannot be asked. */
  listModels(): Promise<Model[]>;
  /** The same, after OpenCode has fetched its catalogue of models anew. */
  refreshModels(): Promise<Model[]>;
}

export interface ModelCatalogueDeps {
  ask: AskOpencode;
  /** Told once for each new reason why OpenCode could not be asked. */
  warn(message: string): void;
  now?: () => number;
}

const freshMs = 60_000;

/** Lists models for Paperclip's form. A failure is kept as long as a list, or each opened form would wait for it again. */
export function createModelCatalogue(deps: ModelCatalogueDeps): ModelCatalogue {
  const now = deps.now ?? Date.now;
  let known: { models: Model[]; until: number } | undefined;
  let asking: Promise<Model[]> | undefined;
  let lastWarning: string | undefined;

  function complain(error: unknown): void {
    const message = messageOf(error);
    if (message !== lastWarning) deps.warn(message);
    lastWarning = message;
  }

  async function ask(): Promise<Model[]> {
    try {
      const models = parseModelList(await deps.ask(["models"]));
      if (models.length === 0) throw new Error("opencode models: the list is empty");
      lastWarning = undefined;
      return models;
    } catch (error) {
      complain(error);
      return known?.models ?? [...fallbackModels];
    }
  }

  async function askOnce(): Promise<Model[]> {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    const models = await asking;
    known = { models, until: now() + freshMs };
    return models;
  }

  return {
    listModels: async () => (known !== undefined && now() < known.until ? known.models : askOnce()),
    refreshModels: async () => {
      // `--refresh` only fetches: its own output is a notice (1.18.33), so the list is asked for after it.
      await deps.ask(["models", "--refresh"]).catch(complain);
      return askOnce();
    },
  };
}
