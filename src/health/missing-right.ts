/** One call of the Role: `{ group: "", resource: "pods/log", verb: "get" }`. */
export interface Right {
  group: string;
  resource: string;
  verb: string;
}

/**
 * What runs can do without, and what is lost then: `test/embedded-stories/missing-rights.test.ts` takes away each right
 * of the list of permissions. All else in it is needed.
 */
const losses: Readonly<Record<string, string>> = {
  "jobs delete": "finished Jobs stay until their ttlSecondsAfterFinished, and Stop cannot confirm that a pod has ended",
  "jobs get": "a run whose pod does not come, or disappears, cannot find out why",
  "pods delete": "a stopped agent's pod ends a little later, with its Job",
  "pods get": "a run whose log connection breaks cannot be followed further, and fails",
  "pods watch": "the state of pods is asked for again and again instead",
  "events list": "messages cannot say in the cluster's words why a pod does not start",
  "namespaces get": "it cannot be told whether a namespace exists",
  "secrets get": "missing Secrets are found only when a pod does not start",
};

/**
 * What is lost without a right, in words that follow a colon; `undefined` where no run works without it.
 * `agentDbMode`: agents without a claim of their own do not need the right to look at claims.
 */
export function lossWithout({ resource, verb }: Right, agentDbMode: string): string | undefined {
  if (resource !== "persistentvolumeclaims") return losses[`${resource} ${verb}`];
  return agentDbMode === "dedicated_pvc" ? undefined : "the shared claim cannot be checked";
}

/** The right as a line for the `rules` of a Role. */
export function ruleOf({ group, resource, verb }: Right): string {
  return `- {apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["${verb}"]}`;
}
