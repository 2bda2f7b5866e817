import { isCommentary, parseYaml } from "./formats/text.ts";
import { isUnset } from "./kinds/kind.ts";
import { noPolicy, type Policy, policySchema, policyVariable } from "./policy/policy.ts";
import { readPolicyText } from "./policy/read-policy-text.ts";
import { isSettingKey, settingsSchema } from "./settings.ts";

/** `invalid`: there is a policy, and nobody can say what it allows; `why` is a whole sentence. */
export type PolicyReading = { kind: "policy"; policy: Policy } | { kind: "invalid"; why: string };

export type ReadPolicy = () => Promise<PolicyReading>;

/** Reads the operator's policy when it is first asked for, and keeps it while it can be used. */
export function createPolicyReader(env: Readonly<Record<string, string | undefined>>): ReadPolicy {
  let kept: Policy | undefined;
  return async () => {
    if (kept !== undefined) return { kind: "policy", policy: kept };
    const reading = await readPolicy(env[policyVariable]);
    if (reading.kind === "policy") kept = reading.policy;
    return reading;
  };
}

async function readPolicy(value: string | undefined): Promise<PolicyReading> {
  if (value === undefined) return { kind: "policy", policy: noPolicy };
  const text = await readPolicyText(value);
  return text.ok ? parsePolicy(text.value) : invalid(text.reason);
}

/** A policy from YAML or JSON text. Every part of it must be understood. */
export function parsePolicy(text: string): PolicyReading {
  if (isCommentary(text)) return invalid("it is empty: {} is a policy without rules");
  const yaml = parseYaml(text);
  if (!yaml.ok) return invalid(`it is no YAML that can be read: ${yaml.reason}`);
  const result = policySchema.safeParse(yaml.value);
  if (!result.success) return invalid(result.error.issues.map(describeIssue).join("; "));
  const wrong = fixedProblems(result.data.fixed);
  return wrong.length > 0 ? invalid(wrong.join("; ")) : { kind: "policy", policy: result.data };
}

function invalid(reason: string): PolicyReading {
  return { kind: "invalid", why: `The operator's policy ${policyVariable} cannot be used: ${reason}.` };
}

interface Issue {
  code?: string | undefined;
  path: readonly PropertyKey[];
  message: string;
  keys?: readonly string[];
}

function describeIssue({ path, message, keys }: Issue): string {
  const at = path.map(String).join(".");
  if (keys !== undefined) return `${at === "" ? "" : `${at}: `}${keys.join(", ")} is not known`;
  return at === "" ? `expected ${message}` : `${at}: expected ${message}`;
}

/** A fixed value must be one that an agent could have. */
function fixedProblems(fixed: Policy["fixed"]): string[] {
  return Object.entries(fixed).flatMap(([key, value]) => {
    if (!isSettingKey(key)) return [`fixed.${key} is no setting`];
    if (isUnset(value)) return [`fixed.${key} has no value`];
    const result = settingsSchema.shape[key].safeParse(value);
    return result.success ? [] : result.error.issues.map(({ message }) => `fixed.${key}: expected ${message}`);
  });
}
