import type * as z from "zod";
import { type JsonExcess, jsonExcess } from "../lib/json.ts";
import { visibleText } from "../lib/visible-text.ts";
import { narrow, withFixed } from "./apply-policy.ts";
import { describeFound, isUnset } from "./kinds/kind.ts";
import { joinDottedResources } from "./kinds/resources.ts";
import type { Policy } from "./policy/policy.ts";
import type { SettingProblem } from "./setting-problem.ts";
import { type Complete, type Settings, settings, settingsSchema } from "./settings.ts";

export type ParsedSettings =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly SettingProblem[] };

/**
 * What one setting may hold, whatever its kind: as much text as an object of Kubernetes' takes, few enough values and
 * levels for everything that reads them. An agent may write its own settings.
 */
const settingLimits = { depth: 40, nodes: 5_000, characters: 1024 * 1024 } as const;

/** A prompt may be longer than one object of Kubernetes': it goes into several Secrets. */
const longTexts: Readonly<Record<string, number>> = { promptTemplate: 8 * 1024 * 1024 };

const excessWords: Record<JsonExcess["what"], string> = {
  depth: "levels",
  nodes: "values",
  characters: "characters",
};

/** Characters of each part of a problem: the rest helps nobody. */
const longestPart = 300;

/**
 * Reads an agent's config as Paperclip keeps it: nested, with the flat keys its form saves, or as text. Empty text and
 * null count as unset. Names every bad field, not only the first; leaves unknown keys alone. What the operator's policy
 * does not allow is a problem too.
 */
export function parseSettings(raw: Readonly<Record<string, unknown>>, policy: Policy): ParsedSettings {
  const values = collect(raw);
  const tooLarge = Object.entries(values).flatMap(([key, value]) => excessProblem(key, value));
  if (tooLarge.length > 0) return { ok: false, problems: tooLarge };
  const fixed = withFixed(values, policy);
  const result = settingsSchema.safeParse(fixed.raw);
  if (!result.success) return { ok: false, problems: [...result.error.issues.map(asProblem), ...fixed.problems] };
  const narrowed = narrow(withoutUnset(result.data), policy);
  const denied = [...fixed.problems, ...narrowed.problems];
  return denied.length > 0 ? { ok: false, problems: denied } : { ok: true, settings: narrowed.settings };
}

function excessProblem(key: string, value: unknown): SettingProblem[] {
  const characters = longTexts[key] ?? settingLimits.characters;
  const excess = jsonExcess(value, { ...settingLimits, characters });
  if (excess === undefined) return [];
  const words = excessWords[excess.what];
  return [{ key, found: `more than ${excess.limit} ${words}`, expected: `at most ${excess.limit} ${words}` }];
}

function collect(raw: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const values = Object.fromEntries(settings.map(({ key }) => [key, raw[key]]));
  return { ...values, variant: firstVariant(raw), extraArgs: ownArguments(raw), resources: joinDottedResources(raw) };
}

/** Paperclip's page saves the thinking effort as `effort` or `thinkingEffort`, depending on where it was chosen. */
function firstVariant(raw: Readonly<Record<string, unknown>>): unknown {
  return [raw["variant"], raw["effort"], raw["thinkingEffort"]].find((value) => !isUnset(value));
}

/** `args` is the key's older name, which Paperclip's local adapters still read where `extraArgs` is empty. */
function ownArguments(raw: Readonly<Record<string, unknown>>): unknown {
  const given = raw["extraArgs"];
  return isUnset(given) || (Array.isArray(given) && given.length === 0) ? raw["args"] : given;
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
