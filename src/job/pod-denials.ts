import type { JsonObject } from "../lib/json-object.ts";
import { deniedPowers, type MergedPod } from "./denied-powers.ts";
import { deniedMounts, deniedReferences } from "./denied-references.ts";
import { deniedResources } from "./denied-resources.ts";
import { deniedValues } from "./denied-values.ts";
import type { JobRequest } from "./job-request.ts";
import type { BuiltTemplate } from "./merge-pod-template.ts";
import { child } from "./pod-walk.ts";

/**
 * What a run's pod may not have, as it stands after the merge: an agent can write its own settings, so these say what an
 * attacker wants. Each problem is a phrase that names the place.
 */
export function podDenials(
  request: JobRequest,
  { merged, built }: Record<"merged" | "built", BuiltTemplate>,
): string[] {
  const { policy, host, agent } = request;
  const pod: MergedPod = {
    metadata: child(merged as JsonObject, "metadata"),
    spec: child(merged as JsonObject, "spec"),
    built: child(built as JsonObject, "spec"),
  };
  const rules = { allow: policy.allow, withheld: host?.withheld, agentId: agent.id };
  return [
    ...deniedPowers(pod, policy),
    ...deniedReferences(pod.spec, pod.built, rules),
    ...deniedMounts(pod.spec, pod.built, rules),
    ...deniedValues(pod, request),
    ...deniedResources(pod.spec, policy),
  ];
}
