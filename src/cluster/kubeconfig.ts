import path from "node:path";
import { withoutTrailingSlashes } from "../lib/without-trailing-slashes.ts";
import { misconfigured } from "./unreachable.ts";

/** What a kubeconfig's current context says, as kubectl reads it. Paths in it are absolute. */
export interface Login {
  server: string;
  namespace: string | undefined;
  proxyUrl: string | undefined;
  tlsServerName: string | undefined;
  insecure: boolean;
  ca: Material | undefined;
  user: User;
}

/** Bytes in the kubeconfig itself, or the file that has them. */
export type Material = { data: string } | { file: string };

export interface User {
  cert?: Material | undefined;
  key?: Material | undefined;
  token?: string | undefined;
  tokenFile?: string | undefined;
  basic?: { username: string; password: string } | undefined;
  exec?: ExecPlugin | undefined;
  /** The only provider that kubectl still has (1.34). */
  oidc?: Record<string, string> | undefined;
  impersonate?: Impersonation | undefined;
}

export interface ExecPlugin {
  apiVersion: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  provideClusterInfo: boolean;
  /** The cluster's extension of that name, which the program is given with the cluster. */
  clusterConfig: unknown;
}

export interface Impersonation {
  user: string;
  uid: string | undefined;
  groups: string[];
  extra: Record<string, string[]>;
}

/** More than any kubeconfig has. Aliases are shared, not copied, by js-yaml (5.5), and its own bounds are on depth and merges. */
const mostAliases = 100;

/**
 * Reads a kubeconfig's text; `file` is its path. Throws `ApiError` kind "misconfigured", whose message names fields and
 * lines and holds none of the text: an agent may have named any file.
 */
export async function parseKubeconfig(text: string, file: string): Promise<Login> {
  const config = new Fields(await parseYaml(text, file), "", { file });
  const context = named(config.records("contexts"), config.text("current-context"))?.record("context");
  if (context === undefined) throw config.wrong("current-context names no context that is in it");
  const cluster = named(config.records("clusters"), context.text("cluster"))?.record("cluster");
  if (cluster === undefined) throw config.wrong("its current context names no cluster that is in it");
  // Without such a user kubectl (1.34) asks as nobody, so that a proxy may sign in.
  const user = named(config.records("users"), context.text("user"))?.record("user");
  return {
    server: serverOf(cluster),
    namespace: context.text("namespace")?.trim() || undefined,
    proxyUrl: cluster.text("proxy-url"),
    tlsServerName: cluster.text("tls-server-name"),
    insecure: cluster.flag("insecure-skip-tls-verify"),
    ca: cluster.material("certificate-authority"),
    user: user === undefined ? {} : userOf(user, cluster),
  };
}

async function parseYaml(text: string, file: string): Promise<unknown> {
  const { CORE_SCHEMA, load, YAMLException } = await import("js-yaml");
  try {
    return load(text, { schema: CORE_SCHEMA, maxAliases: mostAliases });
  } catch (error) {
    // The exception's own words quote the text.
    const line = error instanceof YAMLException && error.mark ? ` (line ${error.mark.line + 1})` : "";
    throw misconfigured(`the kubeconfig ${file} cannot be used: it is not valid YAML${line}`);
  }
}

function named(entries: Fields[], name: string | undefined): Fields | undefined {
  return name === undefined ? undefined : entries.find((entry) => entry.text("name") === name);
}

/** kubectl takes an address without a scheme for http or https, depending on other fields: it is asked for instead. */
function serverOf(cluster: Fields): string {
  const server = cluster.text("server");
  if (server === undefined) throw cluster.wrong("it has no server");
  const url = URL.parse(server);
  if (!/^https?:\/\//i.test(server) || url === null) {
    throw cluster.wrong("server is no address that begins with https:// or http://, such as https://10.0.0.1:6443");
  }
  return withoutTrailingSlashes(server);
}

function userOf(user: Fields, cluster: Fields): User {
  const username = user.text("username");
  return {
    cert: user.material("client-certificate"),
    key: user.material("client-key"),
    token: user.text("token"),
    tokenFile: user.path("tokenFile"),
    basic: username === undefined ? undefined : { username, password: user.text("password") ?? "" },
    exec: execOf(user.record("exec"), cluster),
    oidc: oidcOf(user.record("auth-provider")),
    impersonate: impersonationOf(user),
  };
}

const execVersions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
const execExtension = "client.authentication.k8s.io/exec";

function execOf(exec: Fields | undefined, cluster: Fields): ExecPlugin | undefined {
  if (exec === undefined) return undefined;
  const command = exec.text("command");
  const apiVersion = exec.text("apiVersion") ?? "";
  if (command === undefined) throw exec.wrong("it has no command");
  if (!execVersions.includes(apiVersion)) throw exec.wrong(`apiVersion is neither ${execVersions.join(" nor ")}`);
  if (exec.text("interactiveMode") === "Always")
    throw exec.wrong("interactiveMode is Always, and nobody can type here");
  const variables = exec.records("env").map((entry) => [entry.text("name") ?? "", entry.text("value") ?? ""]);
  return {
    apiVersion,
    // A bare name is looked for in PATH, anything with a slash starts at the kubeconfig.
    command: command.includes("/") ? (exec.path("command") ?? command) : command,
    args: exec.texts("args"),
    env: Object.fromEntries(variables),
    provideClusterInfo: exec.flag("provideClusterInfo"),
    clusterConfig: named(cluster.records("extensions"), execExtension)?.value("extension"),
  };
}

function oidcOf(provider: Fields | undefined): Record<string, string> | undefined {
  if (provider === undefined) return undefined;
  if (provider.text("name") !== "oidc") {
    throw provider.wrong("only oidc is known; kubectl has no other since 1.26, cloud logins use exec");
  }
  return provider.record("config")?.allTexts() ?? {};
}

function impersonationOf(user: Fields): Impersonation | undefined {
  const as = user.text("as");
  const uid = user.text("as-uid");
  const groups = user.texts("as-groups");
  const extra = user.record("as-user-extra")?.allLists() ?? {};
  if (as !== undefined) return { user: as, uid, groups, extra };
  if (uid !== undefined || groups.length > 0 || Object.keys(extra).length > 0) {
    throw user.wrong("as-uid, as-groups and as-user-extra are of no use without as");
  }
  return undefined;
}

/** One mapping of a kubeconfig. What has another type than kubectl's is refused by its name; null and "" are none. */
class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #where: string;
  readonly #origin: { file: string };

  constructor(values: unknown, where: string, origin: { file: string }) {
    this.#where = where;
    this.#origin = origin;
    if (typeof values !== "object" || values === null || Array.isArray(values)) throw this.wrong("it is no mapping");
    this.#values = values as Record<string, unknown>;
  }

  wrong(what: string): Error {
    const where = this.#where === "" ? "" : `${this.#where}: `;
    return misconfigured(`the kubeconfig ${this.#origin.file} cannot be used: ${where}${what}`);
  }

  value(key: string): unknown {
    return Object.hasOwn(this.#values, key) ? this.#values[key] : undefined;
  }

  text(key: string): string | undefined {
    const value = this.value(key);
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value !== "string") throw this.wrong(`${key} is no text`);
    return value;
  }

  path(key: string): string | undefined {
    const value = this.text(key);
    return value === undefined ? undefined : path.resolve(path.dirname(this.#origin.file), value);
  }

  /** As in kubectl, data in the kubeconfig itself comes before a file. */
  material(key: string): Material | undefined {
    const data = this.text(`${key}-data`);
    if (data !== undefined) return { data: Buffer.from(data, "base64").toString("utf8") };
    const file = this.path(key);
    return file === undefined ? undefined : { file };
  }

  flag(key: string): boolean {
    const value = this.value(key) ?? false;
    if (typeof value !== "boolean") throw this.wrong(`${key} is neither true nor false`);
    return value;
  }

  record(key: string): Fields | undefined {
    const value = this.value(key);
    return value === undefined || value === null ? undefined : new Fields(value, this.#below(key), this.#origin);
  }

  records(key: string): Fields[] {
    return this.#list(key).map((entry, index) => new Fields(entry, this.#below(`${key}[${index}]`), this.#origin));
  }

  texts(key: string): string[] {
    return this.#list(key).map((entry) => {
      if (typeof entry !== "string") throw this.wrong(`${key} is no list of texts`);
      return entry;
    });
  }

  allTexts(): Record<string, string> {
    return Object.fromEntries(Object.keys(this.#values).map((key) => [key, this.text(key) ?? ""]));
  }

  allLists(): Record<string, string[]> {
    return Object.fromEntries(Object.keys(this.#values).map((key) => [key, this.texts(key)]));
  }

  #list(key: string): unknown[] {
    const value = this.value(key) ?? [];
    if (!Array.isArray(value)) throw this.wrong(`${key} is no list`);
    return value;
  }

  #below(key: string): string {
    return this.#where === "" ? key : `${this.#where}.${key}`;
  }
}
