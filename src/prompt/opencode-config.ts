import type { Settings } from "../config/settings.ts";
import { RunFailure } from "../failure/failure.ts";
import { buildConfigContent } from "../opencode/config-content.ts";
import type { PaperclipEnv } from "./paperclip-env.ts";

export function mcpTokens({ mcpServers }: PaperclipEnv): Record<string, string> {
  return Object.fromEntries(mcpServers.map(({ token }, index) => [mcpTokenName(index), token]));
}

function mcpTokenName(index: number): string {
  return `PAPERCLIP_MCP_TOKEN_${index}`;
}

/** The value of OPENCODE_CONFIG_CONTENT in the agent's pod. Throws `RunFailure` when what it is made of cannot be read. */
export function opencodeConfig(
  settings: Pick<Settings, "model" | "dangerouslySkipPermissions" | "env">,
  {
    mcpServers,
    serverEnv,
    registersNewProvider = true,
  }: Pick<PaperclipEnv, "mcpServers"> & {
    serverEnv: Readonly<Record<string, string | undefined>>;
    registersNewProvider?: boolean;
  },
): string {
  const own = (name: string) => settings.env[name] ?? serverEnv[name];
  const inherited = own("OPENCODE_CONFIG_CONTENT");
  const providersJson = own("PAPERCLIP_OPENCODE_PROVIDERS");
  const smallModel = own("PAPERCLIP_OPENCODE_SMALL_MODEL");
  const content = buildConfigContent({
    model: settings.model,
    registersNewProvider,
    dangerouslySkipPermissions: settings.dangerouslySkipPermissions,
    mcpServers: mcpServers.map(({ name, url }, index) => ({
      name,
      url,
      headers: { Authorization: `Bearer {env:${mcpTokenName(index)}}` },
    })),
    ...(inherited ? { inherited } : {}),
    ...(providersJson ? { providersJson } : {}),
    ...(smallModel ? { smallModel } : {}),
  });
  if (content.kind === "content") return content.json;
  throw new RunFailure("k8s_config_invalid", content.message);
}
