import { type AllowKey, allowLists, limitRows, permits, policyVariable } from "../../src/config/policy/policy.ts";
import { code, table } from "./markdown.ts";

/** docs/policy.md: what agents may not have, and how the operator of Paperclip decides otherwise. */
export function buildPolicyPage(): string {
  return [
    "<!-- Written by `npm run docs` from src/config/policy/. Do not edit. -->",
    "# The operator's policy",
    "",
    "By Paperclip's default rules an agent's own key may change the agent's settings. So each setting is read as if the",
    "code that runs in the agent's pod had written it. What a pod must never get is denied without any configuration;",
    `${code(policyVariable)} on Paperclip's Deployment narrows or widens that for all agents of the instance.`,
    "",
    "A run that asks for what is not allowed ends with `k8s_policy_denied` before anything is created, and **Run test**",
    "says the same. The pod is judged after `podTemplate` is merged into it, in every kind of container.",
    "[examples/admission-policy.yaml](../examples/admission-policy.yaml) makes the cluster itself refuse such pods, also",
    "when Paperclip's server is taken.",
    "",
    "## Denied by default",
    "",
    "Nothing permits these:",
    "",
    "- Secrets of other runs (`agent-opencode-…`) and claims of other agents (`opencode-db-…`);",
    "- containers for debugging (`ephemeralContainers`); more than 600 seconds to end;",
    "- labels that Paperclip's own pod carries: its Service would send users' requests to the agent;",
    "- a kubeconfig below `/paperclip`.",
    "",
    "These are denied unless the list in the policy has the full name, without `*`:",
    "",
    "- Paperclip's own service account (`allow.serviceAccountName`);",
    "- a Secret that Paperclip's own pod uses, unless agents inherit all of it as a volume (`allow.secrets`). What they",
    "  inherit of it stays: a reference that is built is no reference of podTemplate's;",
    "- a claim that Paperclip's own pod uses, and any folder of it beyond what agents have (`allow.claims`).",
    "",
    "These are denied unless they stand in `permit`:",
    "",
    table(
      ["Permit", "What it allows"],
      permits.map(({ name, what }) => [code(name), what]),
    ),
    "",
    ...policySection(),
  ].join("\n");
}

function policySection(): string[] {
  return [
    "## The policy",
    "",
    `${code(policyVariable)} is YAML or JSON text, or the absolute path of a file outside \`/paperclip\`, such as one of a mounted`,
    "ConfigMap: a regular file up to 256 KiB. It is read once; restart Paperclip after a change. Every key must be known:",
    "a policy that cannot be read or understood ends every run with `k8s_policy_invalid`.",
    "",
    "```yaml",
    ...policyExample.trim().split("\n"),
    "```",
    "",
    "### fixed",
    "",
    "Values of settings, by the names and in the forms of [config.md](config.md). They hold for every agent that says",
    "nothing else or has the setting's default, which Paperclip's form saves; another value is denied. A podTemplate may",
    "not change it in the pod; a fixed `podTemplate` is the operator's own.",
    "",
    "### allow",
    "",
    "Lists of what agents may name; `*` stands for any characters. Without a list everything is allowed that is not",
    "denied. An empty list allows nothing. In `namespace` and `runtimeClassName` an agent must choose from the list, unless",
    "it has an empty text (`''`) for agents that do not.",
    "",
    table(
      ["List", "Of"],
      (Object.keys(allowLists) as AllowKey[]).map((key) => [code(key), allowLists[key].what]),
    ),
    "",
    "### limits",
    "",
    "A default above a limit gives way to it; an agent's own value above it is denied.",
    "",
    table(
      ["Limit", "Of"],
      Object.entries(limitRows).map(([key, what]) => [code(key), what]),
    ),
    "",
  ];
}

/** An example that is a policy. */
export const policyExample = `
fixed:
  isolation: strict
  imagePullPolicy: Always
allow:
  namespace: [paperclip-agents]
  image: ["registry.example.com/agents/*"]
  serviceAccountName: []
  kubeconfig: []
  labels: ["kueue.x-k8s.io/*"]
  podTemplate: ["spec.priorityClassName", "spec.containers[].resources"]
  priorityClassNames: [agents]
limits:
  timeoutSec: 14400
  graceSec: 120
  resources:
    limits: { cpu: "8", memory: 16Gi, ephemeral-storage: 50Gi }
permit: []
`;
