import type * as z from "zod";
import { describeFound, isUnset } from "./kinds/kind.ts";
import { joinDottedResources } from "./kinds/resources.ts";
import { type Complete, type Settings, settings, settingsSchema } from "./settings.ts";

/** One bad field: its key, what stands there, and what should. */
export interface SettingProblem {
  readonly key: string;
  readonly found: string;
  readonly expected: string;
}

export type ParsedSettings =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly SettingProblem[] };

/**
 * Reads an agent's config as Paperclip keeps it: nested, with the flat keys its form saves, or as text. Empty text and
 * null count as unset. Names every bad field, not only the first; leaves unknown keys alone.
 */
export function parseSettings(raw: Readonly<Record<string, unknown>>): ParsedSettings {
  const result = settingsSchema.safeParse(collect(raw));
  if (!result.success) return { ok: false, problems: result.error.issues.map(asProblem) };
  return { ok: true, settings: withoutUnset(result.data) };
}

/** All problems in one message. */
export function describeProblems(problems: readonly SettingProblem[]): string {
  const lines = problems.map(({ key, found, expected }) => `${key}: found ${found}, expected ${expected}`);
  const many = lines.length === 1 ? "A setting is" : `${lines.length} settings are`;
  return `${many} not usable. ${lines.join("; ")}.`;
}

function collect(raw: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const values = Object.fromEntries(settings.map(({ key }) => [key, raw[key]]));
  return { ...values, variant: firstVariant(raw), resources: joinDottedResources(raw) };
}

/** Paperclip's page saves the thinking effort as `effort` or `thinkingEffort`, depending on where it was chosen. */
function firstVariant(raw: Readonly<Record<string, unknown>>): unknown {
  return [raw["variant"], raw["effort"], raw["thinkingEffort"]].find((value) => !isUnset(value));
}

function asProblem(issue: z.core.$ZodIssue): SettingProblem {
  const params = issue.code === "custom" ? issue.params : undefined;
  const found = typeof params?.["found"] === "string" ? params["found"] : describeFound(issue.input);
  return { key: issue.path.map(String).join("."), found, expected: issue.message };
}

/** An absent key says "not set" to everything that spreads these settings. */
function withoutUnset(complete: Complete): Settings {
  const kept: Partial<Complete> = { ...complete };
  for (const { key } of settings) {
    if (kept[key] === undefined) delete kept[key];
  }
  return kept as Settings;
}
