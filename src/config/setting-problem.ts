import { visibleText } from "../lib/visible-text.ts";
import { policyVariable } from "./policy/policy.ts";

/** One bad field: its key, what stands there, and what should. */
export interface SettingProblem {
  readonly key: string;
  readonly found: string;
  readonly expected: string;
  /** The value could be used, but is not allowed. */
  readonly denied?: true;
}

/** A value that the operator's policy does not allow. */
export function byPolicy(key: string, found: string, expected: string): SettingProblem {
  return { key, found, expected: `${expected} (the operator's policy ${policyVariable})`, denied: true };
}

/** Problems that one message names: the rest helps nobody. */
const mostTold = 20;
const longestLine = 1_000;

/** All problems in one message. */
export function describeProblems(problems: readonly SettingProblem[]): string {
  const lines = problems
    .slice(0, mostTold)
    .map(({ key, found, expected }) =>
      visibleText(`${key}: found ${found}, expected ${expected}`.slice(0, longestLine)),
    );
  const many = problems.length === 1 ? "A setting is" : `${problems.length} settings are`;
  const more = problems.length > mostTold ? `; and ${problems.length - mostTold} more` : "";
  return `${many} not ${areDenied(problems) ? "allowed" : "usable"}. ${lines.join("; ")}${more}.`;
}

/** The code of a run that ends with these problems. */
export function codeOfProblems(problems: readonly SettingProblem[]): "k8s_policy_denied" | "k8s_config_invalid" {
  return areDenied(problems) ? "k8s_policy_denied" : "k8s_config_invalid";
}

function areDenied(problems: readonly SettingProblem[]): boolean {
  return problems.every(({ denied }) => denied === true);
}
