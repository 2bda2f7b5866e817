import { isApiError } from "../cluster/api-error.ts";
import type { Cluster, Ref } from "../cluster/cluster.ts";
import { RunFailure } from "../failure/failure.ts";
import type { RunLog } from "../run-log/run-log.ts";
import type { EnvSource, EnvVariable, Host, Volume } from "./host.ts";

type ProjectedSource = NonNullable<NonNullable<Volume["projected"]>["sources"]>[number];

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
  const missing: Missing = {
    secrets: await missingSecrets(host, namespace, deps),
    claim: await claimIsMissing(host, namespace, deps),
  };
  for (const loss of losses(host, namespace, missing)) await deps.log.say(loss);
  return withoutMissing(host, missing);
}

interface Missing {
  secrets: ReadonlySet<string>;
  claim: boolean;
}

function losses(host: Host, namespace: string, missing: Missing): string[] {
  const configMaps = configMapNames(host);
  const claim = `claim ${host.sharedVolume?.claimName} is not in namespace ${namespace}`;
  return [
    ...(missing.claim ? [`${claim}: the run has no /paperclip volume and cannot continue a session`] : []),
    ...[...missing.secrets].map((name) => `Secret ${name} is not in namespace ${namespace}; what it gives is left out`),
    ...(configMaps.length > 0
      ? [`ConfigMaps are taken from namespace ${namespace}, what is not there is left out: ${configMaps.join(", ")}`]
      : []),
    ...csiVolumes(host).map(
      ({ name, csi }) =>
        `volume ${name} of ${csi?.driver} is left out: what it refers to is in namespace ${host.namespace}`,
    ),
  ];
}

function csiVolumes({ mounts }: Host): Volume[] {
  return mounts.map(({ volume }) => volume).filter(({ csi }) => csi !== undefined);
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

async function claimIsMissing({ sharedVolume }: Host, namespace: string, deps: NamespaceDeps): Promise<boolean> {
  if (!sharedVolume) return false;
  return isMissing("persistentvolumeclaims", { namespace, name: sharedVolume.claimName }, deps);
}

function secretNames(host: Host): Set<string> {
  return new Set(
    [
      ...host.imagePullSecrets.map(({ name }) => name),
      ...host.mounts.map(({ volume }) => volume.secret?.secretName),
      ...projectedSources(host).map(({ secret }) => secret?.name),
      ...host.env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
      ...host.envFrom.map(({ secretRef }) => secretRef?.name),
    ].filter((name) => name !== undefined),
  );
}

function configMapNames(host: Host): string[] {
  const names = [
    ...host.mounts.map(({ volume }) => volume.configMap?.name),
    ...projectedSources(host).map(({ configMap }) => configMap?.name),
    ...host.env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
    ...host.envFrom.map(({ configMapRef }) => configMapRef?.name),
  ];
  return [...new Set(names.filter((name) => name !== undefined))];
}

function projectedSources({ mounts }: Host): ProjectedSource[] {
  return mounts.flatMap(({ volume }) => volume.projected?.sources ?? []);
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

function withoutMissing(host: Host, { secrets, claim }: Missing): Host {
  const { sharedVolume, ...rest } = host;
  return {
    ...rest,
    ...(sharedVolume && !claim ? { sharedVolume } : {}),
    imagePullSecrets: host.imagePullSecrets.filter(({ name }) => !secrets.has(name ?? "")),
    mounts: host.mounts
      .filter(({ volume }) => !volume.csi && !secrets.has(volume.secret?.secretName ?? ""))
      .map(({ volume, mounts }) => ({ volume: forgivingVolume(volume), mounts })),
    env: host.env.filter(({ valueFrom }) => !secrets.has(valueFrom?.secretKeyRef?.name ?? "")).map(forgivingVariable),
    envFrom: host.envFrom.filter(({ secretRef }) => !secrets.has(secretRef?.name ?? "")).map(forgivingSource),
  };
}

// ConfigMaps cannot be looked for with the documented Role, and a projected volume is more than one Secret: Kubernetes
// itself skips an optional one that is missing.
function forgivingVolume(volume: Volume): Volume {
  const { configMap, projected } = volume;
  return {
    ...volume,
    ...(configMap ? { configMap: { ...configMap, optional: true } } : {}),
    ...(projected ? { projected: { ...projected, sources: (projected.sources ?? []).map(forgivingPart) } } : {}),
  };
}

function forgivingPart({ secret, configMap, ...rest }: ProjectedSource): ProjectedSource {
  return {
    ...rest,
    ...(secret ? { secret: { ...secret, optional: true } } : {}),
    ...(configMap ? { configMap: { ...configMap, optional: true } } : {}),
  };
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
