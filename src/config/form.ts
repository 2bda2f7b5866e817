import type { AdapterConfigSchema, ConfigFieldSchema } from "@paperclipai/adapter-utils";
import type { FormPart, Setting } from "./field.ts";
import { settings } from "./settings.ts";

/**
 * The form that Paperclip shows for an agent. It leaves out what Paperclip's page asks for by itself.
 *
 * A new agent gets every field's default saved, and a number, toggle or select without one gets 0, false or the first
 * option (seen with 2026.916.1); so these three always have a default. Text has none: an empty field is not saved, and
 * the agent follows the schema's default.
 */
export function buildForm(): AdapterConfigSchema {
  return { fields: settings.flatMap(fieldsOf) };
}

function fieldsOf(setting: Setting<unknown> & { key: string }): ConfigFieldSchema[] {
  if (setting.askedBy === "page") return [];
  if (setting.askedBy === "form") return [field(setting)];
  return setting.askedBy.map((part) => partField(part, setting));
}

function partField(part: FormPart, { group }: Setting<unknown>): ConfigFieldSchema {
  return { ...part, type: "text", group };
}

function field(setting: Setting<unknown> & { key: string }): ConfigFieldSchema {
  const { key, kind, label, group } = setting;
  const hint = `${setting.hint}${defaultHint(setting)}`;
  const common = { key, label, group, hint, required: setting.required, type: kind.control };
  if (kind.control === "text" || kind.control === "textarea") return common;
  return { ...common, default: setting.fallback ?? "", ...(kind.options ? { options: [...kind.options] } : {}) };
}

function defaultHint(setting: Setting<unknown>): string {
  const text = describeDefault(setting);
  return text === undefined ? "" : ` Default: ${text}.`;
}

/** The default in words, or undefined where there is none. */
export function describeDefault({ fallback, defaultText }: Setting<unknown>): string | undefined {
  if (defaultText !== undefined) return defaultText;
  return fallback === undefined ? undefined : String(fallback);
}
