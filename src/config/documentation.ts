import type { Setting } from "./field.ts";
import { describeDefault } from "./form.ts";
import { type Settings, settings } from "./settings.ts";

/** Some settings as a markdown table. */
export function buildSettingsTable(keys: readonly (keyof Settings)[]): string {
  const rows = settings.filter(({ key }) => keys.some((wanted) => wanted === key)).map(row);
  return ["| Field | Required | Default | Description |", "|---|---|---|---|", ...rows].join("\n");
}

function row(setting: Setting<unknown> & { key: string }): string {
  const cells = [`\`${setting.key}\``, setting.required ? "**yes**" : "no", defaultCell(setting), setting.hint];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function defaultCell(setting: Setting<unknown>): string {
  const text = describeDefault(setting);
  if (text === undefined) return "—";
  return setting.defaultText === undefined ? `\`${text}\`` : text;
}

/** What an agent reads that is about to hire another one with this adapter. */
export function buildAgentConfigurationDoc(): string {
  const lines = settings.map((setting) => {
    const text = describeDefault(setting);
    const state = setting.required ? "required" : text === undefined ? "optional" : `default: ${text}`;
    return `- ${setting.key} (${setting.kind.accepts}; ${state}): ${setting.hint}`;
  });
  return [
    "# OpenCode (Kubernetes), adapter type opencode_k8s",
    "",
    "Runs each of the agent's runs with OpenCode in a Kubernetes Job of its own, in Paperclip's image and on its /paperclip volume.",
    "",
    "Use it when Paperclip runs in Kubernetes and an agent's work should be isolated from the server and from other agents.",
    "Do not use it where Paperclip cannot reach a Kubernetes cluster: opencode_local runs OpenCode on the server itself.",
    "",
    'Only model has to be set. Example: { "model": "anthropic/claude-sonnet-4-5", "timeoutSec": 3600 }',
    "",
    "Fields:",
    ...lines,
    "",
    'Resources may be written as an object or as flat keys such as "resources.limits.memory": "16Gi".',
    "A value that cannot be used fails the run with k8s_config_invalid before anything is created in the cluster.",
    "",
  ].join("\n");
}
