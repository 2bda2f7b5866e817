import { existsSync, readFileSync, statSync } from "node:fs";
import { validateHeaderValue } from "node:http";
import type { RequestOptions as HttpsOptions } from "node:https";
import { dirname, join, resolve } from "node:path";
import { bounded } from "../lib/bounded.ts";
import { messageOf } from "../lib/message.ts";
import { untilAborted } from "../lib/until-aborted.ts";
import { withoutTrailingSlashes } from "../lib/without-trailing-slashes.ts";
import { ApiError } from "./api-error.ts";

/** Where the API server is and how to speak to it. */
export interface Credentials {
  server: string;
  namespace: string | undefined;
  proxyUrl: string | undefined;
  /**
   * Asked before each request, since tokens rotate; `exec` and `oidc` users refresh theirs here. Throws `ApiError` kind
   * "unreachable" when that fails or takes more than 30 s.
   */
  authenticate(): Promise<Authentication>;
}

export interface Authentication {
  headers: Record<string, string>;
  tls: TlsIdentity;
}

export interface TlsIdentity {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  servername?: string;
  rejectUnauthorized?: boolean;
}

export interface CredentialSource {
  /** Path of a kubeconfig file; without it the pod's service account is used. */
  kubeconfig?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** The folder that Kubernetes mounts into every pod with token, ca.crt and namespace. */
  serviceAccountDir: string;
}

/** A program that signs in may wait for somebody to type; a provider of tokens may never answer. */
const signInTimeoutMs = 30_000;

type KubeConfig = import("@kubernetes/client-node").KubeConfig;

/** Reads a kubeconfig or the pod's service account. Throws `ApiError` kind "unreachable" saying what is missing. */
export async function loadCredentials(source: CredentialSource): Promise<Credentials> {
  const config = await emptyKubeConfig();
  try {
    if (source.kubeconfig === undefined) loadServiceAccount(config, source);
    else await loadKubeconfig(config, source.kubeconfig);
  } catch (error) {
    const where = source.kubeconfig ?? source.serviceAccountDir;
    throw unusable(`the cluster's credentials at ${where} cannot be read: ${messageOf(error)}`, error);
  }
  const cluster = config.getCurrentCluster();
  if (!cluster)
    throw unusable(`${source.kubeconfig} names no cluster for its current context "${config.currentContext}"`);
  return {
    server: withoutTrailingSlashes(cluster.server),
    namespace: config.getContextObject(config.currentContext)?.namespace?.trim() || undefined,
    proxyUrl: cluster.proxyUrl,
    authenticate: shared(() => authenticate(config)),
  };
}

/** One sign-in for all who ask while it goes on: of a program that hangs, only one is started per bound. */
function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let going: Promise<T> | undefined;
  return () => {
    going ??= work().finally(() => {
      going = undefined;
    });
    return going;
  };
}

/** Loaded on first use: the client's modules cost 70 ms (measured with @kubernetes/client-node 2.0.1, Node 24). */
async function emptyKubeConfig(): Promise<KubeConfig> {
  const { KubeConfig } = await import("@kubernetes/client-node/dist/config.js");
  return new KubeConfig();
}

async function loadKubeconfig(config: KubeConfig, file: string): Promise<void> {
  config.loadFromFile(file);
  const { load } = await import("js-yaml");
  const { users = [] } = load(readFileSync(file, "utf8")) as {
    users?: { name: string; user?: { tokenFile?: string } }[];
  };
  for (const { name, user } of users) {
    const loaded = user?.tokenFile === undefined ? undefined : config.getUser(name);
    if (!loaded || !user?.tokenFile) continue;
    // The client (2.0.1) knows the key as token-file only; as a provider the file is read again when its token rotates.
    const tokenFile = resolve(dirname(file), user.tokenFile);
    Object.assign(loaded, { authProvider: { name: "tokenFile", config: { tokenFile } } });
  }
}

function loadServiceAccount(config: KubeConfig, { env, serviceAccountDir }: CredentialSource): void {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"] ?? "443";
  const tokenFile = join(serviceAccountDir, "token");
  if (!host) throw new Error("KUBERNETES_SERVICE_HOST is not set: not in a pod, and no kubeconfig is given");
  if (!existsSync(tokenFile))
    throw new Error("no service account token is mounted (automountServiceAccountToken is off?)");
  const caFile = join(serviceAccountDir, "ca.crt");
  const namespaceFile = join(serviceAccountDir, "namespace");
  config.loadFromOptions({
    clusters: [
      {
        name: "own",
        server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
        skipTLSVerify: false,
        ...(hasContent(caFile) ? { caFile } : {}),
      },
    ],
    users: [{ name: "own", authProvider: { name: "tokenFile", config: { tokenFile } } }],
    contexts: [{ name: "own", cluster: "own", user: "own", namespace: readText(namespaceFile) }],
    currentContext: "own",
  });
}

async function authenticate(config: KubeConfig): Promise<Authentication> {
  const options: HttpsOptions = {};
  const bound = bounded(new AbortController().signal, signInTimeoutMs);
  try {
    await untilAborted(config.applyToHTTPSOptions(options), bound.signal);
  } catch (error) {
    throw unusable(`signing in to the cluster failed: ${messageOf(error)}`, error);
  } finally {
    bound.done();
  }
  const basic = options.auth ? { authorization: `Basic ${Buffer.from(options.auth).toString("base64")}` } : {};
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  return {
    headers: sendable({ ...basic, ...(options.headers as Record<string, string> | undefined) }),
    tls: {
      ...(ca ? { ca: ca as Buffer } : {}),
      ...(cert ? { cert: cert as Buffer } : {}),
      ...(key ? { key: key as Buffer } : {}),
      ...(servername ? { servername } : {}),
      ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    },
  };
}

/**
 * A token that is kept in a file often ends in a newline. undici (8) would refuse such a header and then never again
 * use the connection that it was meant for.
 */
function sendable(headers: Record<string, string>): Record<string, string> {
  const trimmed = Object.entries(headers).map(([name, value]): [string, string] => [name, value.trim()]);
  try {
    for (const [name, value] of trimmed) validateHeaderValue(name, value);
  } catch (error) {
    throw unusable(`signing in to the cluster failed: the token cannot be sent: ${messageOf(error)}`, error);
  }
  return Object.fromEntries(trimmed);
}

function unusable(message: string, cause?: unknown): ApiError {
  return new ApiError(message, { kind: "unreachable", status: 0, cause });
}

function hasContent(file: string): boolean {
  return existsSync(file) && statSync(file).size > 0;
}

function readText(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8").trim() : "";
}
