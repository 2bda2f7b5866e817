import { type Attack, attackGroups } from "../../test/security/attacks.ts";
import { table } from "./markdown.ts";

/** docs/security.md, from the list of attacks that the tests play. */
export function buildSecurityPage(): string {
  const groups = attackGroups.map(
    ({ title, attacks }, index) => `### ${index + 1}. ${title}\n\n${table(head, attacks.map(cellsOf))}`,
  );
  return `<!-- Written by \`npm run docs\` from test/security/attacks.ts. Do not edit. -->
# Security

${trust}

## Attacks

Each is played by a test in every run of its suite ([testing.md](testing.md)). "Cases" is how many tests have the name, at
least; a test counts that, and that each stands in its file.

${groups.join("\n\n")}

${remains}
`;
}

const head = ["Attack", "What it would have given", "Cases", "The test that plays it", "Result", "What is left"];

function cellsOf({ attack, gives, cases, test, file, result, left }: Attack): string[] {
  return [attack, gives, String(cases), `${test} (\`${file}\`)`, result, left ?? ""];
}

const trust = `## Who trusts whom

| What | Trusted? |
|---|---|
| The environment, volumes and ConfigMaps of Paperclip's Deployment, \`OPENCODE_K8S_POLICY\` among them | yes: the operator's |
| The cluster's API server and its answers | yes; text in them that users wrote is cleaned like an agent's |
| Paperclip's server | yes: it calls the adapter. \`examples/admission-policy.yaml\` holds also when it is taken |
| The settings of an agent | **no**: by Paperclip's default rules the agent's own key may change them |
| Every file below \`/paperclip\` | **no**: with \`isolation: shared\` every agent can write it |
| Every byte that a pod prints, its exit code and its end mark | **no**: code that a model wrote may have printed them |
| Stored sessions, task texts, workspaces' addresses | **no** |
| Another agent | **no** |
| OpenCode's public catalogue and model providers | for a list of models and for answers; bounded and cleaned like an agent's output |

An agent's pod gets its own run's key, the agent's \`env\`, what it inherits from Paperclip's Deployment (provider keys among
it), and its files. It can use, print and send away all of these: that is no attack, it is what the agent is given.`;

const remains = `## What is left

**With \`isolation: shared\`, the default,** an agent reads and writes all of \`/paperclip\` as Paperclip's own user: other
agents' workspaces, sessions, shell and Git configuration, run logs; the master key, the database and backups where they are
kept there; and the adapters that the server imports, by which its code runs in the server. Nothing in the adapter can close
that. Set \`isolation: strict\`, for all agents by \`fixed: {isolation: strict}\` in \`OPENCODE_K8S_POLICY\`.

**\`jobs create\` in a namespace** means: run any image there, as any service account of that namespace, with any of its
Secrets and claims. So who takes Paperclip's server has all of these, and \`secrets get\` reads each Secret whose name is
known. Give agents a namespace with nothing else in it, and apply \`examples/admission-policy.yaml\`: the cluster then
refuses such Jobs whoever sends them.

**Paperclip's own ways** (2026.916.1), which an adapter cannot close:

| Way | What it gives | How to close it |
|---|---|---|
| An agent's key may change its own \`adapterConfig\` | Every setting is the agent's to write | Nothing in Paperclip closes it for all agents. \`OPENCODE_K8S_POLICY\` says what settings may ask for; what gives a pod powers is denied without it |
| An agent may switch itself to the adapter type \`process\` | A command of its own in the server | \`PAPERCLIP_ADAPTERS\` on the Deployment: a JSON list with \`opencode_k8s\` and no other enabled type. It does not stop agents that are of another type already: look for them first |
| \`canCreateAgents\` is on for agents that are made without saying otherwise | New agents with any settings, and **Run test** with any settings | Revoke it: \`PATCH /api/agents/:id/permissions\` with \`{"canCreateAgents": false, "canAssignTasks": false}\`. An agent with the role \`ceo\` keeps the right |
| Every agent's key may ask for models and detect one, with a refresh | Work in the server | Only the adapter: it starts no program for that |
| An agent may wake itself | Runs | One run of an agent at a time; quotas of the namespace |

**The low-trust preset** (\`low_trust_review\`) denies an agent's key all of that, but Paperclip then demands an environment
with the driver \`sandbox\` (\`low_trust_requires_sandbox_environment\`): an agent with this adapter cannot run under it.

So, for agents that you do not trust: \`fixed: {isolation: strict}\` in \`OPENCODE_K8S_POLICY\`, \`canCreateAgents\` revoked,
\`PAPERCLIP_ADAPTERS\` without \`process\`, the master key and the database not on the volume, a namespace with nothing else in
it, \`examples/admission-policy.yaml\` and \`examples/networkpolicy.yaml\`.`;
