import { hash } from "node:crypto";
import type { EnvSource, EnvVariable } from "../host/host.ts";
import { serverSecrets } from "../host/server-secrets.ts";
import { literal } from "./escape-dollars.ts";
import type { JobRequest } from "./job-request.ts";
import { ownWorkingDirectory, path, promptFile, savedDatabasePath } from "./paths.ts";

export interface Environment {
  env: EnvVariable[];
  envFrom: EnvSource[];
  /** What the run's Secret holds, by its keys. */
  secret: Record<string, string>;
  /** The variables that are neither inherited nor mere defaults. */
  own: ReadonlySet<string>;
}

/** Facts of Paperclip's own container that mean something else in the agent's. */
const serverOnlyVariables: ReadonlySet<string> = new Set([
  "HOSTNAME",
  "HOME",
  "PWD",
  "PORT",
  "HOST",
  "NODE_ENV",
  "NODE_OPTIONS",
]);

/** The environment in its layers, later ones over earlier ones: inherited, Paperclip's, the agent's own, the run's. */
export function buildEnvironment(request: JobRequest, secretObject: string): Environment {
  const variables = new Map<string, EnvVariable>();
  const secret: Record<string, string> = {};
  const put = (variable: EnvVariable) => {
    // Kubernetes resolves references to earlier variables only, so a later layer also stands later.
    variables.delete(variable.name);
    variables.set(variable.name, variable);
    delete secret[secretKey(variable.name)];
  };
  const putSecret = (name: string, value: string) => {
    const key = secretKey(name);
    put({ name, valueFrom: { secretKeyRef: { name: secretObject, key } } });
    secret[key] = value;
  };
  const putLiteral = (name: string, value: string) => put({ name, value: literal(value) });

  for (const variable of inheritedVariables(request)) {
    const plain = plainValueOf(variable);
    if (plain === undefined) put(variable);
    else putSecret(variable.name, plain);
  }
  for (const [name, value] of Object.entries(defaultVariables(request))) putLiteral(name, value);
  for (const [name, value] of Object.entries(request.env.plain)) putLiteral(name, value);
  for (const [name, value] of Object.entries(request.env.secret)) putSecret(name, value);
  const fixed = fixedVariables(request);
  for (const [name, value] of Object.entries(fixed)) putLiteral(name, value);
  putSecret("OPENCODE_CONFIG_CONTENT", request.opencodeConfig);
  const own = new Set([
    ...blankedVariables(request).map(({ name }) => name),
    ...Object.keys({ ...request.env.plain, ...request.env.secret, ...fixed }),
    "OPENCODE_CONFIG_CONTENT",
  ]);
  return { env: [...variables.values()], envFrom: [...(request.host?.envFrom ?? [])], secret, own };
}

function inheritedVariables(request: JobRequest): EnvVariable[] {
  const inherited = request.host?.env.filter(({ name }) => !serverOnlyVariables.has(name)) ?? [];
  return [...blankedVariables(request), ...inherited];
}

/** What comes in bulk cannot be left out by name, only overridden. */
function blankedVariables({ host }: JobRequest): EnvVariable[] {
  if (!host?.envFrom.length) return [];
  // The listed ones in any case: a ConfigMap or a Secret that could not be looked into may bring them.
  const names = new Set([...serverSecrets.map(({ name }) => name), ...(host.bulkSecrets ?? [])]);
  return [...names].map((name) => ({ name, value: "" }));
}

/**
 * What stands in clear in Paperclip's pod may be secret all the same, whatever its name: an address with a password in
 * it, a webhook. So every value goes into the run's Secret, but for one that refers to other variables: only the kubelet
 * can fill that in.
 */
function plainValueOf({ value }: EnvVariable): string | undefined {
  // A reference has its end, so what stands after the last one is not looked at.
  if (!value || /(?<!\$)(?:\$\$)*\$\(/.test(value.slice(0, value.lastIndexOf(")") + 1))) return undefined;
  return value.replaceAll("$$", "$");
}

/** Kubernetes takes variables' names that a Secret's key cannot be. */
function secretKey(name: string): string {
  return /^[-._A-Za-z0-9]{1,253}$/.test(name) ? name : `name-${hash("sha256", name)}`;
}

/** Where files go, and what Paperclip's image says of itself alone, unless the agent's own settings say otherwise. */
function defaultVariables({ host, sharedFolders }: JobRequest): Record<string, string> {
  return {
    HOME: host?.sharedVolume && !sharedFolders ? path.shared : `${path.run}/home`,
    TMPDIR: `${path.run}/tmp`,
    XDG_CACHE_HOME: `${path.run}/cache`,
    XDG_STATE_HOME: `${path.run}/state`,
    // The image says production (Paperclip 2026.916.1): npm would leave an agent's development dependencies out.
    NODE_ENV: "development",
  };
}

function fixedVariables(request: JobRequest): Record<string, string> {
  const { settings, host, prompt, agent } = request;
  const ownClaim = settings.agentDbMode === "dedicated_pvc";
  const keeps =
    !ownClaim && host?.sharedVolume && !host.sharedVolume.readOnly && isShared(request, savedDatabasePath(agent.id));
  return {
    OPENCODE_DISABLE_PROJECT_CONFIG: "true",
    OPENCODE_DB: `${ownClaim ? path.database : `${path.run}/db`}/opencode.db`,
    OPENCODE_K8S_NONCE: request.nonce,
    OPENCODE_K8S_RUN_ID: `${request.runId.replace(/[^A-Za-z0-9._-]/g, "_")}-${request.attempt}`,
    OPENCODE_K8S_RUN_DIR: path.run,
    OPENCODE_K8S_CWD: request.cwd === "" ? ownWorkingDirectory : request.cwd,
    ...(keeps ? { OPENCODE_K8S_SAVED_DB: savedDatabasePath(agent.id) } : {}),
    ...(request.discardDatabase ? { OPENCODE_K8S_DISCARD_DB: "1" } : {}),
    ...(prompt.kind === "env" ? promptVariables(prompt.parts) : { OPENCODE_K8S_PROMPT_FILE: promptFile }),
  };
}

function isShared({ sharedFolders }: JobRequest, folder: string): boolean {
  return sharedFolders?.some(({ path }) => path === folder) ?? true;
}

function promptVariables(parts: readonly string[]): Record<string, string> {
  return {
    OPENCODE_K8S_PROMPT_PARTS: String(parts.length),
    ...Object.fromEntries(parts.map((part, index) => [`OPENCODE_K8S_PROMPT_${index}`, part])),
  };
}
