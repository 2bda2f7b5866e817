import { hash } from "node:crypto";

/** Label keys of every object a run makes. Their values find a run, an agent's live Jobs, and what is ours. */
export const label = {
  managedBy: "app.kubernetes.io/managed-by",
  component: "app.kubernetes.io/component",
  agent: "paperclip.io/agent-id",
  run: "paperclip.io/run-id",
  company: "paperclip.io/company-id",
  task: "paperclip.io/task-id",
  session: "paperclip.io/session-id",
  adapter: "paperclip.io/adapter-type",
  /** On what "Run test" makes to look from inside a pod: no run of an agent. */
  preflight: "paperclip.io/preflight",
} as const;

export const annotation = {
  agentName: "paperclip.io/agent-name",
  /** On a Job that is being prepared: who prepares it. Removed in the call that resumes the Job. */
  suspendedBy: "paperclip.io/suspended-by",
  /** The nonce of the launcher's marks: whoever takes a running Job over needs it. */
  nonce: "paperclip.io/output-nonce",
} as const;

/** Set on every pod of a Job by all supported versions (API: since 1.27 also with a prefix). */
export const jobNameLabel = "job-name";

export const adapterType = "opencode_k8s";
export const containerName = "opencode";
export const promptContainerName = "prompt";

export const ownLabels = {
  [label.managedBy]: "paperclip",
  [label.component]: "agent-job",
  [label.adapter]: adapterType,
} as const;

/** Everything this adapter made in a namespace. */
export const ownSelector = selectorOf(ownLabels);

/** All Jobs and pods of one agent. */
export function agentSelector(agentId: string): string {
  return selectorOf({ ...ownLabels, [label.agent]: labelValue(agentId) });
}

function selectorOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

/** How the names of a run's Job and Secrets begin. */
export const runObjectPrefix = "agent-opencode-";
/** How the names of agents' claims begin. */
export const databaseClaimPrefix = "opencode-db-";

/** The same for every try to create it, so that a create whose answer was lost finds its own Job. At most 63 characters. */
export function jobName({ agentId, runId, attempt }: { agentId: string; runId: string; attempt: number }): string {
  const unique = digest(`${agentId}/${runId}/${attempt}`, 8);
  return [runObjectPrefix.slice(0, -1), slug(agentId, 12), slug(runId, 12), unique]
    .filter((part) => part !== "")
    .join("-");
}

export function environmentSecretName(job: string): string {
  return `${job}-env`;
}

export function promptSecretName(job: string, index: number): string {
  return `${job}-prompt-${index}`;
}

/** The claim that keeps an agent's database in `dedicated_pvc` mode. */
export function databaseClaimName(agentId: string): string {
  return agentId.length <= 200 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(agentId)
    ? `${databaseClaimPrefix}${agentId}`
    : `${databaseClaimPrefix}${slug(agentId, 40)}-${digest(agentId, 8)}`;
}

/** An identifier of Paperclip's as a label value: as it is where Kubernetes takes it, else shortened with a digest. */
export function labelValue(id: string): string {
  if (/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(id)) return id;
  // Cut before the patterns see it: an identifier may come from an agent, of any length, and the last one of them takes
  // the square of a run of dots.
  const readable = id
    .slice(0, 200)
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
  return [readable.slice(0, 40).replace(/[^A-Za-z0-9]+$/, ""), digest(id, 12)].filter((part) => part !== "").join("-");
}

function slug(text: string, length: number): string {
  return text
    .slice(0, 200)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, length)
    .replace(/^-+|-+$/g, "");
}

function digest(text: string, length: number): string {
  return hash("sha256", text).slice(0, length);
}
