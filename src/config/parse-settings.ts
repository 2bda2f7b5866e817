import type * as z from "zod";
import { type JsonExcess, jsonExcess } from "../lib/json.ts";
import { visibleText } from "../lib/visible-text.ts";
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
 * What one setting may hold, whatever its kind: as much text as an object of Kubernetes' takes, few enough values and
 * levels for everything that reads them. An agent may write its own settings.
 */
const settingLimits = { depth: 40, nodes: 5_000, characters: 1024 * 1024 } as const;

const excessWords: Record<JsonExcess["what"], string> = {
  depth: "levels",
  nodes: "values",
  characters: "characters",
};

/** Problems that one message names, and characters of each part of one: the rest helps nobody. */
const mostTold = 20;
const longestPart = 300;

/**
 * Reads an agent's config as Paperclip keeps it: nested, with the flat keys its form saves, or as text. Empty text and
 * null count as unset. Names every bad field, not only the first; leaves unknown keys alone.
 */
export function parseSettings(raw: Readonly<Record<string, unknown>>): ParsedSettings {
  const values = collect(raw);
  const tooLarge = Object.entries(values).flatMap(([key, value]) => excessProblem(key, value));
  if (tooLarge.length > 0) return { ok: false, problems: tooLarge };
  const result = settingsSchema.safeParse(values);
  if (!result.success) return { ok: false, problems: result.error.issues.map(asProblem) };
  return { ok: true, settings: withoutUnset(result.data) };
}

/** All problems in one message. */
export function describeProblems(problems: readonly SettingProblem[]): string {
  const lines = problems
    .slice(0, mostTold)
    .map(({ key, found, expected }) => `${key}: found ${found}, expected ${expected}`);
  const many = problems.length === 1 ? "A setting is" : `${problems.length} settings are`;
  const more = problems.length > mostTold ? `; and ${problems.length - mostTold} more` : "";
  return `${many} not usable. ${lines.join("; ")}${more}.`;
}

function excessProblem(key: string, value: unknown): SettingProblem[] {
  const excess = jsonExcess(value, settingLimits);
  if (excess === undefined) return [];
  const words = excessWords[excess.what];
  return [{ key, found: `more than ${excess.limit} ${words}`, expected: `at most ${excess.limit} ${words}` }];
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
  const cut = (text: string) => visibleText(text.length > longestPart ? `${text.slice(0, longestPart)}…` : text);
  return { key: cut(issue.path.map(String).join(".")), found: cut(found), expected: cut(issue.message) };
}

/** An absent key says "not set" to everything that spreads these settings. */
function withoutUnset(complete: Complete): Settings {
  const kept: Partial<Complete> = { ...complete };
  for (const { key } of settings) {
    if (kept[key] === undefined) delete kept[key];
  }
  return kept as Settings;
}
