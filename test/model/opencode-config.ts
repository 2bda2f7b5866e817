export interface ScriptedProvider {
  /** Base URL with `/v1`, as `startModelServer` gives it. */
  baseUrl: string;
  /** Default `scripted`. */
  provider?: string;
  /** Default `["scripted"]`: the model is then `scripted/scripted`. */
  models?: readonly string[];
  /** Tokens the model can hold; OpenCode compacts a session by itself near this limit. */
  contextLimit?: number;
  apiKey?: string;
}

/** OpenCode's config (an object for `opencode.json` or OPENCODE_CONFIG_CONTENT) with the scripted model as its only provider. */
export function opencodeConfig(scripted: ScriptedProvider): Record<string, unknown> {
  const provider = scripted.provider ?? "scripted";
  const models = scripted.models ?? ["scripted"];
  const limit = { context: scripted.contextLimit ?? 128_000, output: 8_000 };
  const cost = { input: 1, output: 2, cache_read: 0.1 };
  const model = { tool_call: true, reasoning: true, limit, cost };
  return {
    $schema: "https://opencode.ai/config.json",
    provider: {
      [provider]: {
        npm: "@ai-sdk/openai-compatible",
        name: "Scripted",
        options: { baseURL: scripted.baseUrl, apiKey: scripted.apiKey ?? "sk-test" },
        models: Object.fromEntries(models.map((name) => [name, { name, ...model }])),
      },
    },
  };
}
