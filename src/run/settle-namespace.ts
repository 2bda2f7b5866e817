import { isApiError } from "../cluster/api-error.ts";
import type { Cluster, Ref } from "../cluster/cluster.ts";
import type { EnvSource, EnvVariable, Host, HostMount } from "../host/host.ts";
import { RunFailure } from "./failure.ts";
import type { RunLog } from "./run-log.ts";

export interface NamespaceDeps {
  cluster: Pick<Cluster, "read">;
  log: RunLog;
  signal: AbortSignal;
}

/**
 * What a Job in `namespace` can inherit. In Paperclip's own namespace that is everything; in another one the claims and
 * Secrets of Paperclip's do not exist, so each is looked for there, and what is missing is left out and said.
 */
export async function settleNamespace(
  host: Host | undefined,
  namespace: string,
  deps: NamespaceDeps,
): Promise<Host | undefined> {
  if (host?.namespace === namespace) return host;
  await requireNamespace(namespace, deps);
  if (!host) return undefined;
  const secrets = await missingSecrets(host, namespace, deps);
  const claimMissing =
    host.sharedVolume &&
    (await isMissing("persistentvolumeclaims", { namespace, name: host.sharedVolume.claimName }, deps));
  if (claimMissing) {
    await deps.log.say(
      `claim ${host.sharedVolume?.claimName} is not in namespace ${namespace}: the run has no /paperclip volume and cannot continue a session`,
    );
  }
  for (const name of secrets)
    await deps.log.say(`Secret ${name} is not in namespace ${namespace}; what it gives is left out`);
  return withoutMissing(host, { secrets, claimMissing: claimMissing === true });
}

async function requireNamespace(namespace: string, { cluster, signal }: NamespaceDeps): Promise<void> {
  try {
    if (await cluster.read("namespaces", { namespace, name: namespace }, { signal })) return;
  } catch (error) {
    // Optional in the Role: the create itself tells if it is not there.
    if (isApiError(error, "denied")) return;
    throw error;
  }
  throw new RunFailure("k8s_namespace_missing", `Namespace "${namespace}" does not exist.`);
}

async function missingSecrets(host: Host, namespace: string, deps: NamespaceDeps): Promise<Set<string>> {
  const missing = new Set<string>();
  for (const name of secretNames(host)) if (await isMissing("secrets", { namespace, name }, deps)) missing.add(name);
  return missing;
}

function secretNames(host: Host): Set<string> {
  const names = [
    ...host.imagePullSecrets.map(({ name }) => name),
    ...host.mounts.map(({ volume }) => volume.secret?.secretName),
    ...host.env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
    ...host.envFrom.map(({ secretRef }) => secretRef?.name),
  ];
  return new Set(names.filter((name) => name !== undefined));
}

async function isMissing(
  resource: "secrets" | "persistentvolumeclaims",
  ref: Ref,
  { cluster, signal }: NamespaceDeps,
): Promise<boolean> {
  try {
    return (await cluster.read(resource, ref, { signal })) === undefined;
  } catch (error) {
    if (isApiError(error, "denied")) return false;
    throw error;
  }
}

function withoutMissing(
  host: Host,
  { secrets, claimMissing }: { secrets: ReadonlySet<string>; claimMissing: boolean },
): Host {
  const { sharedVolume, ...rest } = host;
  return {
    ...rest,
    ...(sharedVolume && !claimMissing ? { sharedVolume } : {}),
    imagePullSecrets: host.imagePullSecrets.filter(({ name }) => !secrets.has(name ?? "")),
    mounts: host.mounts.filter(({ volume }) => !secrets.has(volume.secret?.secretName ?? "")).map(forgiving),
    env: host.env.filter(({ valueFrom }) => !secrets.has(valueFrom?.secretKeyRef?.name ?? "")).map(forgivingVariable),
    envFrom: host.envFrom.filter(({ secretRef }) => !secrets.has(secretRef?.name ?? "")).map(forgivingSource),
  };
}

// ConfigMaps cannot be looked for with the documented Role; Kubernetes itself skips an optional one that is missing.
function forgiving(mount: HostMount): HostMount {
  const { configMap } = mount.volume;
  return configMap ? { ...mount, volume: { ...mount.volume, configMap: { ...configMap, optional: true } } } : mount;
}

function forgivingVariable(variable: EnvVariable): EnvVariable {
  const configMapKeyRef = variable.valueFrom?.configMapKeyRef;
  return configMapKeyRef
    ? { ...variable, valueFrom: { configMapKeyRef: { ...configMapKeyRef, optional: true } } }
    : variable;
}

function forgivingSource(source: EnvSource): EnvSource {
  return source.configMapRef ? { ...source, configMapRef: { ...source.configMapRef, optional: true } } : source;
}
