import { type Model, modelOf } from "./model.ts";

/**
 * Offered while there is no catalogue. Names of the catalogue built into OpenCode 1.18.33; any other
 * `provider/model` can be typed into the form.
 */
export const fallbackModels: readonly Model[] = [
  "anthropic/claude-opus-5-5",
  "anthropic/claude-sonnet-5",
  "openai/gpt-5.5",
  "openai/gpt-5.4",
  "openai/gpt-5.4-mini",
  "openai/gpt-6-sol",
  "google/gemini-3.1-pro-preview",
].map(modelOf);
