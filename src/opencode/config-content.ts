import { isRecord, type JsonRecord, present, recordOf } from "./json-value.ts";
import { readJsoncObject } from "./jsonc.ts";
import { parseModelId } from "./model-id.ts";

/** A tool server that the run may use, reached over HTTP. */
interface McpServer {
  name: string;
  url: string;
  /** OpenCode replaces `{env:NAME}` in them, so a token need not stand here. */
  headers?: Readonly<Record<string, string>>;
}

export interface ConfigContentRequest {
  /** `provider/model`. */
  model: string;
  /** An OPENCODE_CONFIG_CONTENT that the agent's container would have anyway. */
  inherited?: string;
  /** Also with a provider that is not defined here; default true. A list of what OpenCode knows by itself is asked without. */
  registersNewProvider?: boolean;
  dangerouslySkipPermissions: boolean;
  mcpServers?: readonly McpServer[];
  /** More providers, as JSON in the form of OpenCode's `provider`. */
  providersJson?: string;
  /** `provider/model` for OpenCode's side requests, such as a session's title. */
  smallModel?: string;
}

export type ConfigContent =
  | { kind: "content"; json: string }
  | { kind: "unreadable"; source: "inherited" | "providers"; message: string };

/** `permission: "ask"` means all of them: OpenCode reads it as `{"*": "ask"}`. */
function permissionOf(inherited: unknown): JsonRecord {
  return typeof inherited === "string" ? { "*": inherited } : recordOf(inherited);
}

function allowExternalDirectory(inherited: unknown): JsonRecord {
  const { external_directory: _replaced, ...others } = permissionOf(inherited);
  return { ...others, external_directory: "allow" }; // last, because the last rule that fits wins
}

/**
 * Adds the model to its provider, as Paperclip's local adapter does: OpenCode 1.18.33 refuses a model that is neither in
 * its catalogue nor in the provider's `models`, such as a new one or a router's variant (`:nitro`). The empty entry takes
 * its data from the catalogue and the operator's own config, where these know the model. A misspelt provider becomes one
 * without an address, which a run says with `opencode_model_unknown`.
 */
function registerModel(
  providers: JsonRecord,
  { model, registersNewProvider = true }: Pick<ConfigContentRequest, "model" | "registersNewProvider">,
): JsonRecord {
  const id = parseModelId(model);
  if (id === undefined || (!registersNewProvider && !isRecord(providers[id.provider]))) return providers;
  const provider = recordOf(providers[id.provider]);
  const models = recordOf(provider.models);
  if (models[id.model] !== undefined) return providers;
  return { ...providers, [id.provider]: { ...provider, models: { ...models, [id.model]: {} } } };
}

function remoteServer(server: McpServer): JsonRecord {
  // `oauth: false`: a refused token is then a plain failure and no browser is asked for.
  return { type: "remote", url: server.url, enabled: true, oauth: false, headers: { ...server.headers } };
}

function mergeServers(inherited: unknown, servers: readonly McpServer[]): JsonRecord | undefined {
  if (servers.length === 0) return undefined;
  return {
    ...recordOf(inherited),
    ...Object.fromEntries(servers.map((server) => [server.name, remoteServer(server)])),
  };
}

function readProviders(json: string | undefined): ReturnType<typeof readJsoncObject> {
  return json?.trim() ? readJsoncObject(json) : { kind: "object", value: {} };
}

/**
 * The value of OPENCODE_CONFIG_CONTENT for a run.
 *
 * OpenCode 1.18.33 merges it, object by object, over the operator's `~/.config/opencode/opencode.json`, which it only
 * reads: what is not named here stays as the operator set it (measured with `opencode debug config`).
 */
export function buildConfigContent(request: ConfigContentRequest): ConfigContent {
  const inherited = readProviders(request.inherited);
  if (inherited.kind === "unreadable") {
    const message = `the inherited OPENCODE_CONFIG_CONTENT cannot be read: ${inherited.why}`;
    return { kind: "unreadable", source: "inherited", message };
  }
  const added = readProviders(request.providersJson);
  if (added.kind === "unreadable") {
    return {
      kind: "unreadable",
      source: "providers",
      message: `the additional providers cannot be read: ${added.why}`,
    };
  }
  const config = inherited.value;
  const providers = registerModel({ ...recordOf(config.provider), ...added.value }, request);
  const content = {
    ...config,
    // A snapshot stages the whole work tree with git before the first step; in a large one that takes minutes.
    snapshot: false,
    // The program comes with the image; an update would be lost with the pod.
    autoupdate: false,
    ...present({
      provider: Object.keys(providers).length === 0 ? undefined : providers,
      permission: request.dangerouslySkipPermissions ? allowExternalDirectory(config.permission) : undefined,
      small_model: request.smallModel,
      mcp: mergeServers(config.mcp, request.mcpServers ?? []),
    }),
  };
  return { kind: "content", json: JSON.stringify(content) };
}
