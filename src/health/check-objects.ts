import { isApiError } from "../cluster/api-error.ts";
import type { Host } from "../host/host.ts";
import type { CheckContext } from "./check-context.ts";
import { type Finding, finding } from "./finding.ts";

/** Whether the namespace is there. Throws "unreachable" when the cluster does not answer at all. */
export async function checkNamespace({ cluster, namespace, signal }: CheckContext): Promise<Finding[]> {
  try {
    const found = await cluster.read("namespaces", { namespace, name: namespace }, { signal });
    if (found === undefined) return [finding("k8s_namespace_missing", `Namespace ${namespace} does not exist.`)];
    return [finding("k8s_namespace_found", `Jobs run in namespace ${namespace}.`)];
  } catch (error) {
    if (!isApiError(error, "denied")) throw error;
    return [finding("k8s_namespace_unknown", `Paperclip may not look whether namespace ${namespace} exists.`)];
  }
}

/** The volume that Paperclip and its agents share: there, and mountable by many pods. */
export async function checkSharedClaim({ cluster, host, namespace, signal }: CheckContext): Promise<Finding[]> {
  if (host === undefined) return [];
  const { sharedVolume } = host;
  if (sharedVolume === undefined) {
    return [finding("k8s_shared_claim_none", "Paperclip's pod has no volume claim at /paperclip.")];
  }
  const name = sharedVolume.claimName;
  const claim = await cluster.read("persistentvolumeclaims", { namespace, name }, { signal });
  if (claim === undefined) {
    return [finding("k8s_shared_claim_missing", `Claim ${name} is not in namespace ${namespace}.`)];
  }
  const modes = claim.spec?.accessModes ?? [];
  const findings = sharedVolume.readOnly
    ? [finding("k8s_shared_claim_read_only", `Claim ${name} is mounted read-only at /paperclip.`)]
    : [];
  return [...findings, accessFinding(name, modes)];
}

function accessFinding(name: string, modes: readonly string[]): Finding {
  const text = `Claim ${name} at /paperclip has access mode ${modes.join(", ")}.`;
  if (modes.includes("ReadWriteMany")) return finding("k8s_shared_claim_found", text);
  if (modes.length > 0 && modes.every((mode) => mode === "ReadWriteOncePod")) {
    return finding("k8s_shared_claim_single_pod", text);
  }
  return finding("k8s_shared_claim_single_node", text);
}

/** The Secrets that a pod inherits from Paperclip's. Kubernetes does not start it without those that are not optional. */
export async function checkSecrets({ cluster, host, namespace, signal }: CheckContext): Promise<Finding[]> {
  if (host === undefined) return [];
  const inherited = [...inheritedSecrets(host)];
  const found = await Promise.all(inherited.map(([name]) => cluster.read("secrets", { namespace, name }, { signal })));
  const missing = inherited.filter((_, index) => found[index] === undefined);
  const needed = namespace === host.namespace ? "k8s_secret_missing" : "k8s_secret_left_out";
  if (missing.length > 0) {
    return missing.map(([name, optional]) =>
      finding(optional ? "k8s_secret_optional" : needed, `Secret ${name} is not in namespace ${namespace}.`),
    );
  }
  return [finding("k8s_secrets_found", `The Secrets that Jobs inherit are there (${inherited.length}).`)];
}

/** Names, and whether a pod starts without it. */
function inheritedSecrets(host: Host): Map<string, boolean> {
  const projected = host.mounts.flatMap(({ volume }) => volume.projected?.sources ?? []);
  const references: ({ name?: string; optional?: boolean } | undefined)[] = [
    ...host.env.map(({ valueFrom }) => valueFrom?.secretKeyRef),
    ...host.envFrom.map(({ secretRef }) => secretRef),
    ...host.mounts.map(({ volume: { secret } }) => secret && { ...secret, name: secret.secretName ?? "" }),
    ...projected.map(({ secret }) => secret),
    // Kubernetes itself only warns: the image may be there already, or be public.
    ...host.imagePullSecrets.map(({ name }) => ({ ...(name === undefined ? {} : { name }), optional: true })),
  ];
  const names = new Map<string, boolean>();
  for (const reference of references) {
    if (!reference?.name) continue;
    names.set(reference.name, reference.optional === true && names.get(reference.name) !== false);
  }
  return names;
}
