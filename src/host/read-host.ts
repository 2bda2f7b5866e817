import { isApiError, unlessDenied } from "../cluster/api-error.ts";
import type { Cluster, Pod } from "../cluster/cluster.ts";
import { messageOf } from "../lib/message.ts";
import { readBulkSecrets } from "./bulk-secrets.ts";
import type { Host } from "./host.ts";
import { extractHost, isServerKeyIn } from "./inherit.ts";
import { type PodIdentity, type PodIdentitySource, podNameVariable, readPodIdentity } from "./pod-identity.ts";

/**
 * - `in-pod`: Paperclip runs in a pod of this cluster
 * - `outside`: it does not, so nothing is inherited; `why` is a whole sentence
 * - `unreadable`: it seems to, but its pod cannot be read or found; `transient`: another try may succeed
 */
export type HostReading =
  | { kind: "in-pod"; host: Host }
  | { kind: "outside"; why: string }
  | { kind: "unreadable"; why: string; hint?: string; transient: boolean; cause: unknown };

/** Without `list` a pod is found by its name alone. */
type HostCluster = Pick<Cluster, "read" | "server"> & Partial<Pick<Cluster, "list">>;

/** Throws `ApiError` kind "misconfigured" when the cluster can be asked for nothing. */
export type ReadHost = (cluster: HostCluster, signal: AbortSignal) => Promise<HostReading>;

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

async function readHost(cluster: HostCluster, source: PodIdentitySource, signal: AbortSignal): Promise<HostReading> {
  const own = await readPodIdentity(source);
  if (typeof own === "string") return { kind: "outside", why: own };
  const elsewhere = isElsewhere(cluster.server, source);
  try {
    const pod =
      (await findByName(cluster, own, signal)) ?? (elsewhere ? undefined : await findByAddress(cluster, own, signal));
    if (pod === undefined) return elsewhere ? { kind: "outside", why: notThere(own, cluster.server) } : notFound(own);
    const host = extractHost(pod);
    if (host !== undefined) {
      const bulkSecrets = await readBulkSecrets(host, { cluster, isServerKey: isServerKeyIn(pod), signal });
      return { kind: "in-pod", host: { ...host, bulkSecrets } };
    }
    return { kind: "outside", why: `Pod ${own.namespace}/${pod.metadata?.name} has no container with an image.` };
  } catch (error) {
    // Nobody can be asked for anything there: that is no fault of the pod's.
    if (!isApiError(error) || error.kind === "misconfigured") throw error;
    if (isApiError(error, "denied") && elsewhere) {
      const why = `${podOf(own)} may not be looked for in the cluster at ${cluster.server}, which is not the address of the cluster that Paperclip runs in.`;
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

async function findByName(cluster: HostCluster, { namespace, names }: PodIdentity, signal: AbortSignal) {
  for (const name of names) {
    const pod = await cluster.read("pods", { namespace, name }, { signal });
    if (pod !== undefined) return pod;
  }
  return undefined;
}

/** With `hostNetwork` several pods have the node's address: the service account tells them apart, or nothing does. */
async function findByAddress(
  cluster: HostCluster,
  { namespace, addresses, serviceAccount }: PodIdentity,
  signal: AbortSignal,
): Promise<Pod | undefined> {
  const found = new Map<string, Pod>();
  for (const address of addresses) {
    const fieldSelector = `status.podIP=${address}`;
    // Looking by address is a last try: that it is not allowed is no reason of its own.
    const listed = await cluster.list?.("pods", namespace, { fieldSelector, signal }).catch(unlessDenied);
    for (const pod of listed?.items ?? []) found.set(pod.metadata?.uid ?? "", pod);
  }
  const alike = [...found.values()].filter(
    ({ spec, status }) =>
      status?.phase === "Running" && (serviceAccount === undefined || spec?.serviceAccountName === serviceAccount),
  );
  return alike.length === 1 ? alike[0] : undefined;
}

function podOf({ namespace, names }: PodIdentity): string {
  return `Pod ${namespace}/${names[0] ?? "?"}`;
}

function notThere(own: PodIdentity, server: string): string {
  return `${podOf(own)} is not in the cluster at ${server}.`;
}

/** Going on without it would mean runs without Paperclip's volume, sessions and Secrets, whatever image is set. */
function notFound({ namespace, names }: PodIdentity): HostReading {
  const tried = names.length === 0 ? "no name of it is known" : `it is not called ${names.join(" or ")}`;
  return {
    kind: "unreadable",
    why: `Paperclip runs in a pod of namespace ${namespace}, but which one is not known: ${tried}, and its address does not tell.`,
    hint: `Name it on Paperclip's Deployment: set the variable ${podNameVariable} from fieldRef metadata.name.`,
    transient: false,
    cause: undefined,
  };
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

function unreadable(own: PodIdentity, server: string, error: unknown): string {
  const pod = `Paperclip's own pod ${own.namespace}/${own.names[0] ?? "?"}`;
  if (isApiError(error, "denied")) {
    return `${pod} may not be read: its service account needs "get" on "pods" in namespace ${own.namespace}.`;
  }
  if (isApiError(error, "unauthorized")) {
    return `${pod} cannot be read: the cluster at ${server} does not accept the credentials.`;
  }
  return `${pod} cannot be read from the cluster at ${server}: ${messageOf(error)}`;
}
