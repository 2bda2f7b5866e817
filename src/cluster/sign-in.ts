import { validateHeaderValue } from "node:http";
import { bounded } from "../lib/bounded.ts";
import { messageOf } from "../lib/message.ts";
import { untilAborted } from "../lib/until-aborted.ts";
import type { Env } from "../volume/homes.ts";
import { ApiError, isApiError } from "./api-error.ts";
import { type ExecCredential, runExecPlugin } from "./exec-credential.ts";
import type { Impersonation, Login, Material, User } from "./kubeconfig.ts";
import type { ReadText } from "./kubeconfig-file.ts";
import { misconfigured } from "./unreachable.ts";

export type Headers = Record<string, string | string[]>;

export interface Authentication {
  headers: Headers;
  tls: TlsIdentity;
}

export interface TlsIdentity {
  ca?: string;
  cert?: string;
  key?: string;
  servername?: string;
  rejectUnauthorized?: boolean;
}

/** A program that signs in may wait for somebody to type; a provider of tokens may never answer. */
const signInTimeoutMs = 30_000;

/** Files with tokens and certificates are read anew this often, as tokens are by client-go (1.34). */
const fileFreshMs = 60_000;

/**
 * Signs in with what a kubeconfig or a service account says. The client library (@kubernetes/client-node 2.0.1) is used
 * for `oidc` alone: it forgets the CA of a cluster without a user, knows `tokenFile` by another name, prefers `token` to
 * it, ignores `as-groups`, `as-uid`, `as-user-extra`, `provideClusterInfo` and relative programs, refuses http, and
 * reads its files synchronously at every request.
 *
 * The result throws `ApiError`: kind "unreachable" when signing in failed, "misconfigured" when it cannot pass.
 */
export function createSignIn(login: Login, { env, ...files }: { env: Env; readText: ReadText }) {
  const readText = remembered(files.readText);
  const readSecret = (material: Material | undefined) => textOf(material, readText);
  const exec = rememberedExec(login, { env, readSecret });
  const oidc = login.user.oidc === undefined ? undefined : createOidc(login.user.oidc);

  async function authenticate(signal: AbortSignal): Promise<Authentication> {
    const { user, insecure, tlsServerName } = login;
    const [ca, cert, key] = await Promise.all([login.ca, user.cert, user.key].map(readSecret));
    const tls: TlsIdentity = {
      ...(ca === undefined ? {} : { ca }),
      ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
      ...(insecure ? { rejectUnauthorized: false } : {}),
    };
    const impersonation = impersonationHeaders(user.impersonate);
    // Over plain http kubectl (1.34) sends no credentials. One flag asks for them, as it does in the client library.
    if (/^http:/i.test(login.server) && !insecure) return { headers: impersonation, tls };
    const given = await exec?.(signal);
    const token = await tokenOf(user, { readText, given, oidc });
    const authorization = token === undefined ? basic(user) : { Authorization: `Bearer ${token.trim()}` };
    return {
      headers: sendable({ ...authorization, ...impersonation }),
      tls: { ...tls, ...identityOf(given?.cert ?? cert, given?.key ?? key) },
    };
  }

  return () => inTime(authenticate);
}

async function inTime(work: (signal: AbortSignal) => Promise<Authentication>): Promise<Authentication> {
  const bound = bounded(new AbortController().signal, signInTimeoutMs);
  try {
    return await untilAborted(work(bound.signal), bound.signal);
  } catch (error) {
    if (isApiError(error)) throw error;
    throw new ApiError(`signing in to the cluster failed: ${messageOf(error)}`, {
      kind: "unreachable",
      status: 0,
      cause: error,
    });
  } finally {
    bound.done();
  }
}

function identityOf(cert: string | undefined, key: string | undefined): TlsIdentity {
  return { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
}

/** In kubectl's order: the file before the token beside it, either before a program or a provider. */
async function tokenOf(
  user: User,
  { readText, given, oidc }: { readText: ReadText; given: ExecCredential | undefined; oidc: Provider | undefined },
): Promise<string | undefined> {
  if (user.tokenFile !== undefined) {
    const read = readText(user.tokenFile);
    return user.token === undefined ? read : read.catch(() => user.token); // as kubectl: the token beside it is the spare
  }
  return user.token ?? given?.token ?? oidc?.();
}

function basic({ basic: login }: User): Headers {
  if (login === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}` };
}

function impersonationHeaders(as: Impersonation | undefined): Headers {
  if (as === undefined) return {};
  const extra = Object.entries(as.extra).map(([key, values]) => [
    `Impersonate-Extra-${encodeURIComponent(key.toLowerCase())}`,
    values,
  ]);
  return {
    "Impersonate-User": as.user,
    ...(as.uid === undefined ? {} : { "Impersonate-Uid": as.uid }),
    ...(as.groups.length === 0 ? {} : { "Impersonate-Group": as.groups }),
    ...Object.fromEntries(extra),
  };
}

/** undici (8) would refuse such a header and then never again use the connection that it was meant for. */
function sendable(headers: Headers): Headers {
  try {
    for (const [name, value] of Object.entries(headers)) {
      for (const one of [value].flat()) validateHeaderValue(name, one);
    }
  } catch (error) {
    throw misconfigured(`signing in to the cluster failed: the token cannot be sent: ${messageOf(error)}`, error);
  }
  return headers;
}

async function textOf(material: Material | undefined, readText: ReadText): Promise<string | undefined> {
  if (material === undefined) return undefined;
  const text = "data" in material ? material.data : await readText(material.file);
  return text.trim() === "" ? undefined : text;
}

/** Reads each file once a minute at most. A failure is not kept. */
function remembered(read: ReadText): ReadText {
  const known = new Map<string, { text: string; readAtMs: number }>();
  return async (file) => {
    const kept = known.get(file);
    if (kept !== undefined && Date.now() - kept.readAtMs < fileFreshMs) return kept.text;
    const text = await read(file);
    known.set(file, { text, readAtMs: Date.now() });
    return text;
  };
}

interface ExecNeeds {
  env: Env;
  readSecret: (material: Material | undefined) => Promise<string | undefined>;
}

/** What the program gave is used until it expires. It is not started where a token makes it needless. */
function rememberedExec(login: Login, { env, readSecret }: ExecNeeds) {
  const { exec: plugin, token, tokenFile } = login.user;
  if (plugin === undefined || token !== undefined || tokenFile !== undefined) return undefined;
  let known: ExecCredential | undefined;
  return async (signal: AbortSignal): Promise<ExecCredential> => {
    if (known !== undefined && (known.expiresAtMs ?? Number.POSITIVE_INFINITY) > Date.now()) return known;
    known = await runExecPlugin(plugin, { cluster: { ...login, ca: await readSecret(login.ca) }, env, signal });
    return known;
  };
}

type Provider = () => Promise<string | undefined>;

/** Loaded on first use, with the client's modules. It keeps the refreshed token for itself. */
function createOidc(config: Record<string, string>): Provider {
  let provider: Promise<import("@kubernetes/client-node/dist/oidc_auth.js").OpenIDConnectAuth> | undefined;
  const user = { name: "oidc", authProvider: { name: "oidc", config } };
  return async () => {
    provider ??= import("@kubernetes/client-node/dist/oidc_auth.js").then((module) => new module.OpenIDConnectAuth());
    const options: { headers: Record<string, string> } = { headers: {} };
    await (await provider).applyAuthentication(user, options);
    return options.headers["Authorization"]?.replace(/^Bearer /, "");
  };
}
