import { describeProblems, parseSettings, type SettingProblem } from "../../src/config/parse-settings.ts";
import type { Settings } from "../../src/config/settings.ts";

export const model = "anthropic/claude-sonnet-4-5";

/** The settings that a config with a model gives; throws when a field is bad. */
export function parsed(raw: Record<string, unknown>): Settings {
  const result = parseSettings({ model, ...raw });
  if (!result.ok) throw new Error(describeProblems(result.problems));
  return result.settings;
}

/** What is wrong with a config that has a model. */
export function problems(raw: Record<string, unknown>): readonly SettingProblem[] {
  const result = parseSettings({ model, ...raw });
  return result.ok ? [] : result.problems;
}

export function badKeys(raw: Record<string, unknown>): string[] {
  return problems(raw).map(({ key }) => key);
}
