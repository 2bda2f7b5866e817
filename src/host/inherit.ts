import type { Pod } from "../cluster/cluster.ts";
import { serviceAccountDir, sharedHome } from "../lib/well-known-paths.ts";
import { withoutTrailingSlashes } from "../lib/without-trailing-slashes.ts";
import type { Container, EnvVariable, Host, HostMount, SharedVolume, Toleration, Volume } from "./host.ts";
import { expand, inheritEnv } from "./inherit-env.ts";
import { findServerObjects } from "./server-objects.ts";
import { type Withheld, withheldFrom } from "./withheld.ts";

/** Paperclip's home, in its own container and in every agent's. */

/** Reads from Paperclip's own pod what its agents' Jobs inherit. Undefined: the pod has no container. */
export function extractHost(pod: Pod): Host | undefined {
  const container = paperclipContainer(pod);
  if (pod.spec === undefined || container?.image === undefined) return undefined;
  const { imagePullSecrets, dnsPolicy, dnsConfig, nodeSelector, tolerations } = pod.spec;
  const volumes = new Map((pod.spec.volumes ?? []).map((volume) => [volume.name, volume]));
  const shared = sharedVolume(pod, container, volumes);
  const withheld = withheldFrom(container, pod);
  const mounts = inheritMounts(container, volumes, withheld);
  return {
    namespace: pod.metadata?.namespace ?? "",
    podName: pod.metadata?.name ?? "",
    labels: pod.metadata?.labels ?? {},
    serviceAccountName: pod.spec.serviceAccountName || "default",
    // OpenShift 4: the admission plugin writes into each pod which SecurityContextConstraint let it in.
    admittedByOpenShift: pod.metadata?.annotations?.["openshift.io/scc"] !== undefined,
    withheld: findServerObjects(pod, mounts),
    image: container.image,
    imagePullSecrets: imagePullSecrets ?? [],
    ...(dnsPolicy === undefined ? {} : { dnsPolicy }),
    ...(dnsConfig === undefined ? {} : { dnsConfig }),
    ...(shared === undefined ? {} : { sharedVolume: shared }),
    mounts,
    env: inheritEnv(container.env ?? [], { pod, isWithheld: withheld.variable }).filter(
      (variable) => !namesToken(variable, container, volumes),
    ),
    envFrom: container.envFrom ?? [],
    nodeSelector: nodeSelector ?? {},
    tolerations: (tolerations ?? []).filter((toleration) => !isDefaultToleration(toleration)),
  };
}

/** Whether a key of a Secret holds one of the server's own secrets, by its name or by the variable that takes it. */
export function isServerKeyIn(pod: Pod): Withheld["key"] {
  const container = paperclipContainer(pod);
  return container === undefined ? () => false : withheldFrom(container, pod).key;
}

function paperclipContainer(pod: Pod): Container | undefined {
  const containers = pod.spec?.containers ?? [];
  return containers.find((container) => container.name === "paperclip") ?? containers[0];
}

function sharedVolume(pod: Pod, container: Container, volumes: Map<string, Volume>): SharedVolume | undefined {
  const mount = container.volumeMounts?.find((candidate) => withoutTrailingSlashes(candidate.mountPath) === sharedHome);
  const claim = mount && volumes.get(mount.name)?.persistentVolumeClaim;
  if (mount === undefined || claim === undefined) return undefined;
  const subPath = mount.subPath ?? (mount.subPathExpr && expand(mount.subPathExpr, container.env ?? [], pod));
  return {
    claimName: claim.claimName,
    ...(subPath === undefined ? {} : { subPath }),
    readOnly: mount.readOnly === true || claim.readOnly === true,
  };
}

function inheritMounts(container: Container, volumes: Map<string, Volume>, withheld: Withheld): HostMount[] {
  const mounts = (container.volumeMounts ?? []).filter(
    (mount) => withoutTrailingSlashes(mount.mountPath) !== serviceAccountDir,
  );
  return [...volumes.values()].flatMap((volume) => {
    const allowed = withheld.volume(volume);
    const inherited = allowed && inheritVolume(allowed);
    const own = mounts.filter((mount) => mount.name === volume.name);
    return inherited === undefined || own.length === 0 ? [] : [{ volume: inherited, mounts: own }];
  });
}

/** Other kinds stay behind: an emptyDir is the pod's own, a further claim may not be mountable twice. */
function inheritVolume(volume: Volume): Volume | undefined {
  if (volume.secret ?? volume.configMap ?? volume.csi) return volume;
  if (volume.projected === undefined) return undefined;
  // A token for the server's service account would be one for the agent's: not what was meant, and not to be given away.
  const sources = (volume.projected.sources ?? []).filter((source) => source.serviceAccountToken === undefined);
  return sources.length === 0 ? undefined : { ...volume, projected: { ...volume.projected, sources } };
}

/** Whether a variable names a file of a token volume that stays behind, as cloud logins by service account do. */
function namesToken({ value }: EnvVariable, container: Container, volumes: Map<string, Volume>): boolean {
  if (!value?.startsWith("/")) return false;
  return (container.volumeMounts ?? []).some((mount) => {
    const volume = volumes.get(mount.name);
    return volume?.projected !== undefined && inheritVolume(volume) === undefined && isUnder(mount.mountPath, value);
  });
}

function isUnder(folder: string, file: string): boolean {
  return file === folder || file.startsWith(`${withoutTrailingSlashes(folder)}/`);
}

/** The API server adds these two to every pod (admission plugin DefaultTolerationSeconds). */
function isDefaultToleration({ key, operator, effect, tolerationSeconds }: Toleration): boolean {
  return (
    (key === "node.kubernetes.io/not-ready" || key === "node.kubernetes.io/unreachable") &&
    operator === "Exists" &&
    effect === "NoExecute" &&
    tolerationSeconds === 300
  );
}
