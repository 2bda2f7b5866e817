import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { environmentProxy } from "./environment-proxy.ts";
import type { Login } from "./kubeconfig.ts";
import { type OpenedKubeconfig, openKubeconfig } from "./kubeconfig-file.ts";
import { type Authentication, createSignIn } from "./sign-in.ts";
import { misconfigured } from "./unreachable.ts";

/** Where the API server is and how to speak to it. */
export interface Credentials {
  server: string;
  namespace: string | undefined;
  proxyUrl: string | undefined;
  /**
   * Asked before each request, since tokens rotate; `exec` and `oidc` users refresh theirs here. Throws `ApiError`: kind
   * "unreachable" when that fails or takes more than 30 s, "misconfigured" when it cannot pass.
   */
  authenticate(): Promise<Authentication>;
}

export interface CredentialSource {
  /** Path of a kubeconfig file; without it the pod's service account is used. */
  kubeconfig?: string | undefined;
  /** Paperclip's own environment: proxies, and which kubeconfigs may run programs. */
  env: Readonly<Record<string, string | undefined>>;
  /** The folder that Kubernetes mounts into every pod with token, ca.crt and namespace. */
  serviceAccountDir: string;
}

/** Reads a kubeconfig or the pod's service account. Throws `ApiError` kind "misconfigured" saying what is missing. */
export async function loadCredentials(source: CredentialSource): Promise<Credentials> {
  const { kubeconfig, env } = source;
  const { login, readText } =
    kubeconfig === undefined ? await openServiceAccount(source) : await openKubeconfig(kubeconfig, env);
  // The pod's own API server is in the cluster's network, where a proxy for the internet does not lead.
  const proxyUrl = login.proxyUrl ?? (kubeconfig === undefined ? undefined : environmentProxy(login.server, env));
  return {
    server: login.server,
    namespace: login.namespace,
    proxyUrl,
    authenticate: shared(createSignIn({ ...login, proxyUrl }, { env, readText })),
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

async function openServiceAccount({ env, serviceAccountDir }: CredentialSource): Promise<OpenedKubeconfig> {
  const unusable = (why: string) =>
    misconfigured(`the cluster's credentials at ${serviceAccountDir} cannot be read: ${why}`);
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"] ?? "443";
  const tokenFile = join(serviceAccountDir, "token");
  const caFile = join(serviceAccountDir, "ca.crt");
  if (!host) throw unusable("KUBERNETES_SERVICE_HOST is not set: not in a pod, and no kubeconfig is given");
  if (!existsSync(tokenFile))
    throw unusable("no service account token is mounted (automountServiceAccountToken is off?)");
  const login: Login = {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    namespace: (await readIfThere(join(serviceAccountDir, "namespace"))).trim() || undefined,
    proxyUrl: undefined,
    tlsServerName: undefined,
    insecure: false,
    ca: existsSync(caFile) ? { file: caFile } : undefined,
    user: { tokenFile },
  };
  // The kubelet's own mount: nobody but it writes there.
  return { login, readText: (file) => readFile(file, "utf8") };
}

async function readIfThere(file: string): Promise<string> {
  return existsSync(file) ? readFile(file, "utf8") : "";
}
