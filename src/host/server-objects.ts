import type { Pod } from "../cluster/cluster.ts";
import type { Container, HostMount, ServerObjects } from "./host.ts";

type Spec = NonNullable<Pod["spec"]>;

/**
 * What of Paperclip's own pod is its server's: each Secret that any of its containers, volumes or pulls refers to, unless
 * an agent's pod gets the whole of it as a volume; and each claim. A Secret of which agents inherit one key may hold a
 * key of the server's beside it, so it counts.
 */
export function findServerObjects({ spec }: Pod, inherited: readonly HostMount[]): ServerObjects {
  if (spec === undefined) return { secrets: [], claims: [] };
  const whole = new Set(inherited.map(wholeSecret));
  const secrets = [...containerSecrets(spec), ...volumeSecrets(spec), ...pullSecrets(spec)];
  const claims = (spec.volumes ?? []).map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName);
  return { secrets: present(secrets).filter((name) => !whole.has(name)), claims: present(claims) };
}

function wholeSecret({ volume: { secret }, mounts }: HostMount): string | undefined {
  const mounted = mounts.some(({ subPath, subPathExpr }) => !subPath && !subPathExpr);
  return mounted && secret?.items === undefined ? secret?.secretName : undefined;
}

function containerSecrets({ containers, initContainers = [] }: Spec): (string | undefined)[] {
  return ([...containers, ...initContainers] as Container[]).flatMap(({ env = [], envFrom = [] }) => [
    ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
    ...envFrom.map(({ secretRef }) => secretRef?.name),
  ]);
}

function volumeSecrets({ volumes = [] }: Spec): (string | undefined)[] {
  return volumes.flatMap(({ secret, csi, projected }) => [
    secret?.secretName,
    csi?.nodePublishSecretRef?.name,
    ...(projected?.sources ?? []).map((source) => source.secret?.name),
  ]);
}

function pullSecrets({ imagePullSecrets = [] }: Spec): (string | undefined)[] {
  return imagePullSecrets.map(({ name }) => name);
}

function present(names: readonly (string | undefined)[]): string[] {
  return [...new Set(names.filter((name) => name !== undefined && name !== ""))] as string[];
}
