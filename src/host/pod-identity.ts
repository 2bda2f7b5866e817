import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";

/** Where a process finds out which pod it is. */
export interface PodIdentitySource {
  env: Readonly<Record<string, string | undefined>>;
  serviceAccountDir: string;
  /** Default: those of this machine's network, which are the pod's, or the node's with `hostNetwork`. */
  addresses?: readonly string[];
}

export interface PodIdentity {
  namespace: string;
  /** What its pod may be called, the surest first. */
  names: string[];
  addresses: readonly string[];
  /** Absent: its token does not say. */
  serviceAccount?: string;
}

/** The variable by which an operator names Paperclip's pod, with `fieldRef: metadata.name`. */
export const podNameVariable = "OPENCODE_K8S_POD_NAME";

/**
 * Which pod a process may be, or a sentence that says how it is known to be in none.
 *
 * The kubelet's token names its pod (bound tokens, Kubernetes 1.22 and later). `HOSTNAME` is the pod's name only by
 * default: with `hostNetwork` it is the node's, `hostname:` changes it, and it is cut after 63 characters.
 */
export async function readPodIdentity({
  env,
  serviceAccountDir,
  addresses = ownAddresses(),
}: PodIdentitySource): Promise<PodIdentity | string> {
  const file = join(serviceAccountDir, "namespace");
  const [namespace, token] = await Promise.all([file, join(serviceAccountDir, "token")].map(readIfThere));
  if (!namespace) return `Paperclip does not run in a pod: there is no ${file}.`;
  const claims = claimsOf(token ?? "");
  const names = [env[podNameVariable], claims.pod?.name, env["POD_NAME"], env["HOSTNAME"]];
  const usable = names.map((name) => (typeof name === "string" ? name.trim() : "")).filter((name) => isPodName(name));
  const serviceAccount = claims.serviceaccount?.name;
  return {
    namespace,
    names: [...new Set(usable)],
    addresses: [env["POD_IP"]?.trim() ?? "", ...addresses].filter((address) => address !== ""),
    ...(typeof serviceAccount === "string" ? { serviceAccount } : {}),
  };
}

interface Claims {
  pod?: { name?: unknown } | null;
  serviceaccount?: { name?: unknown } | null;
}

/** What the kubelet's token says in its `kubernetes.io` claim. Nobody is trusted by it: the API is asked for the pod. */
function claimsOf(token: string): Claims {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    const claims = (payload as Record<string, unknown> | null)?.["kubernetes.io"];
    return typeof claims === "object" && claims !== null ? claims : {};
  } catch {
    return {}; // a token of another kind names no pod
  }
}

function isPodName(name: string): boolean {
  return /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name);
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address),
  );
}

async function readIfThere(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );
}
