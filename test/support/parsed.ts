import { parseSettings } from "../../src/config/parse-settings.ts";
import { noPolicy, type Policy } from "../../src/config/policy/policy.ts";
import { parsePolicy } from "../../src/config/policy-reader.ts";
import { describeProblems, type SettingProblem } from "../../src/config/setting-problem.ts";
import type { Settings } from "../../src/config/settings.ts";

export const model = "anthropic/claude-sonnet-4-5";

/** The settings that a config with a model gives; throws when a field is bad. */
export function parsed(raw: Record<string, unknown>, policy: Policy = noPolicy): Settings {
  const result = parseSettings({ model, ...raw }, policy);
  if (!result.ok) throw new Error(describeProblems(result.problems));
  return result.settings;
}

/** What is wrong with a config that has a model. */
export function problems(raw: Record<string, unknown>, policy: Policy = noPolicy): readonly SettingProblem[] {
  const result = parseSettings({ model, ...raw }, policy);
  return result.ok ? [] : result.problems;
}

export function badKeys(raw: Record<string, unknown>): string[] {
  return problems(raw).map(({ key }) => key);
}

/** A policy from YAML; throws when it cannot be used. */
export function policyOf(yaml: string): Policy {
  const reading = parsePolicy(yaml);
  if (reading.kind === "invalid") throw new Error(reading.why);
  return reading.policy;
}
