/** A model as OpenCode names it: `provider/model`, where the model may hold further slashes (`openrouter/openai/gpt-5.5`). */
export interface ModelId {
  provider: string;
  model: string;
}

/** Undefined if the text is no `provider/model`. OpenCode 1.18.33 cuts at the first slash. */
export function parseModelId(text: string): ModelId | undefined {
  const trimmed = text.trim();
  const slash = trimmed.indexOf("/");
  if (slash <= 0 || slash === trimmed.length - 1 || /\s/.test(trimmed)) return undefined;
  return { provider: trimmed.slice(0, slash), model: trimmed.slice(slash + 1) };
}
