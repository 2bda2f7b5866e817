import type { Pod } from "../cluster/cluster.ts";

type Spec = NonNullable<Pod["spec"]>;
type Item<T> = NonNullable<T> extends readonly (infer U)[] ? U : never;

export type Container = Item<Spec["containers"]>;
export type Volume = Item<Spec["volumes"]>;
export type VolumeMount = Item<Container["volumeMounts"]>;
export type EnvVariable = Item<Container["env"]>;
export type EnvSource = Item<Container["envFrom"]>;
export type Toleration = Item<Spec["tolerations"]>;
type PullSecret = Item<Spec["imagePullSecrets"]>;
type DnsConfig = NonNullable<Spec["dnsConfig"]>;

/** The claim that Paperclip has at its home, and that each agent gets at the same place. */
export interface SharedVolume {
  claimName: string;
  /** Absent: the volume's root. */
  subPath?: string;
  readOnly: boolean;
}

/** A volume with the places where Paperclip's container has it. */
export interface HostMount {
  volume: Volume;
  mounts: VolumeMount[];
}

/** Names of what belongs to Paperclip's server. */
export interface ServerObjects {
  secrets: readonly string[];
  claims: readonly string[];
}

/** What a Job inherits from Paperclip's own pod. */
export interface Host {
  namespace: string;
  podName: string;
  /** The labels of Paperclip's own pod, by which its Service finds it. */
  labels: Readonly<Record<string, string>>;
  /** The service account whose rights Paperclip has. */
  serviceAccountName: string;
  /** Whether OpenShift has chosen the pod's user. */
  admittedByOpenShift: boolean;
  /** Secrets and claims that Paperclip's pod uses and that a pod of an agent has not, or not as a whole. */
  withheld: ServerObjects;
  image: string;
  imagePullSecrets: PullSecret[];
  dnsPolicy?: string;
  dnsConfig?: DnsConfig;
  /** Absent when no claim is mounted at /paperclip. */
  sharedVolume?: SharedVolume;
  /** Secret, ConfigMap, CSI and projected volumes. */
  mounts: HostMount[];
  /**
   * As in the pod's spec and in its order, without the server's own secrets. Values are in Kubernetes' own form:
   * `$(NAME)` refers to a variable before it, `$$` is one dollar.
   */
  env: EnvVariable[];
  envFrom: EnvSource[];
  /** Variables of the server's own secrets that `envFrom` brings, as far as it could be looked into. */
  bulkSecrets?: readonly string[];
  nodeSelector: Record<string, string>;
  tolerations: Toleration[];
}
