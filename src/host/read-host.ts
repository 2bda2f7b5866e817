import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isApiError } from "../cluster/api-error.ts";
import type { Cluster, Ref } from "../cluster/cluster.ts";
import { messageOf } from "../lib/message.ts";
import { readBulkSecrets } from "./bulk-secrets.ts";
import type { Host } from "./host.ts";
import { extractHost } from "./inherit.ts";

/**
 * - `in-pod`: Paperclip runs in a pod of this cluster
 * - `outside`: it does not, so nothing is inherited; `why` is a whole sentence
 * - `unreadable`: it seems to, but its pod cannot be read; `transient`: another try may succeed
 */
export type HostReading =
  | { kind: "in-pod"; host: Host }
  | { kind: "outside"; why: string }
  | { kind: "unreadable"; why: string; transient: boolean; cause: unknown };

export type ReadHost = (cluster: Pick<Cluster, "read" | "server">, signal: AbortSignal) => Promise<HostReading>;

/** Where a process finds out which pod it is. */
export interface PodIdentitySource {
  env: Readonly<Record<string, string | undefined>>;
  serviceAccountDir: string;
}

/**
 * Makes the reader of Paperclip's own pod. A pod's spec does not change while its process lives, so one good answer
 * per API server is kept; a failed one is not.
 */
export function createHostReader(source: PodIdentitySource): ReadHost {
  const known = new Map<string, HostReading>();
  return async (cluster, signal) => {
    const kept = known.get(cluster.server);
    if (kept !== undefined) return kept;
    const reading = await readHost(cluster, source, signal);
    if (reading.kind === "in-pod") known.set(cluster.server, reading);
    return reading;
  };
}

async function readHost(
  cluster: Pick<Cluster, "read" | "server">,
  source: PodIdentitySource,
  signal: AbortSignal,
): Promise<HostReading> {
  const own = await ownPod(source);
  if (typeof own === "string") return { kind: "outside", why: own };
  try {
    const pod = await cluster.read("pods", own, { signal });
    if (pod === undefined) {
      return { kind: "outside", why: `Pod ${own.namespace}/${own.name} is not in the cluster at ${cluster.server}.` };
    }
    const host = extractHost(pod);
    if (host !== undefined) {
      return { kind: "in-pod", host: { ...host, bulkSecrets: await readBulkSecrets(host, cluster, signal) } };
    }
    return { kind: "outside", why: `Pod ${own.namespace}/${own.name} has no container with an image.` };
  } catch (error) {
    if (!isApiError(error)) throw error;
    if (isApiError(error, "denied") && isElsewhere(cluster.server, source)) {
      const why = `Pod ${own.namespace}/${own.name} may not be looked for in the cluster at ${cluster.server}, which is not the address of the cluster that Paperclip runs in.`;
      return { kind: "outside", why };
    }
    return {
      kind: "unreadable",
      why: unreadable(own, cluster.server, error),
      transient: error.transient,
      cause: error,
    };
  }
}

/** The pod this process runs in, or a sentence that says how it is known to be in none. */
async function ownPod({ env, serviceAccountDir }: PodIdentitySource): Promise<Ref | string> {
  const file = join(serviceAccountDir, "namespace");
  const namespace = await readFile(file, "utf8").then(
    (text) => text.trim(),
    () => "",
  );
  if (namespace === "") return `Paperclip does not run in a pod: there is no ${file}.`;
  const name = env["HOSTNAME"]?.trim() ?? "";
  if (name === "") return "Paperclip's own pod is not known: HOSTNAME is not set.";
  return { namespace, name };
}

/**
 * Whether a kubeconfig leads away from the cluster that this process runs in. Credentials for another cluster are often
 * bound to the Jobs' namespace alone, so that a refusal says nothing of Paperclip's pod.
 */
function isElsewhere(server: string, { env }: PodIdentitySource): boolean {
  const own = env["KUBERNETES_SERVICE_HOST"];
  const url = URL.parse(server);
  if (!own || !url) return false;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (/^kubernetes(\.default(\.svc(\..+)?)?)?$/.test(host)) return false;
  return host !== own || (url.port || "443") !== (env["KUBERNETES_SERVICE_PORT"] ?? "443");
}

function unreadable(own: Ref, server: string, error: unknown): string {
  const pod = `Paperclip's own pod ${own.namespace}/${own.name}`;
  if (isApiError(error, "denied")) {
    return `${pod} may not be read: its service account needs "get" on "pods" in namespace ${own.namespace}.`;
  }
  if (isApiError(error, "unauthorized")) {
    return `${pod} cannot be read: the cluster at ${server} does not accept the credentials.`;
  }
  return `${pod} cannot be read from the cluster at ${server}: ${messageOf(error)}`;
}
