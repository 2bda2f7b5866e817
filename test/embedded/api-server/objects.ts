import type { Claim, ClusterEvent, Job, Pod } from "../../../src/cluster/cluster.ts";

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Metadata of an object that the server has taken in. */
export interface Meta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: Meta;
  [field: string]: unknown;
}

export type PodSpec = NonNullable<Pod["spec"]>;
export type PodStatus = NonNullable<Pod["status"]>;
export type Container = PodSpec["containers"][number];
export type ContainerStatus = NonNullable<PodStatus["containerStatuses"]>[number];
export type Volume = NonNullable<PodSpec["volumes"]>[number];
export type JobSpec = NonNullable<Job["spec"]>;
export type JobStatus = NonNullable<Job["status"]>;
export type JobCondition = NonNullable<JobStatus["conditions"]>[number];

export interface PodObject extends KubeObject {
  spec: PodSpec;
  status: PodStatus;
}

export interface JobObject extends KubeObject {
  spec: JobSpec;
  status: JobStatus;
}

export interface SecretObject extends KubeObject {
  data?: Record<string, string>;
  type?: string;
}

export interface ConfigMapObject extends KubeObject {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

export interface ClaimObject extends KubeObject {
  spec: NonNullable<Claim["spec"]>;
  status: NonNullable<Claim["status"]>;
}

export interface EventObject extends KubeObject {
  involvedObject: ClusterEvent["involvedObject"];
  reason?: string;
  message?: string;
  type?: string;
  count?: number;
}

export interface NamespaceObject extends KubeObject {
  status: { phase: string };
}

export interface PolicyRule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

export interface RoleObject extends KubeObject {
  rules?: PolicyRule[];
}

export interface RoleBindingObject extends KubeObject {
  subjects?: { kind: string; name: string; namespace?: string }[];
  roleRef: { kind: string; name: string };
}

export interface QuotaObject extends KubeObject {
  spec: { hard?: Record<string, string> };
}

interface ObjectTypes {
  pods: PodObject;
  jobs: JobObject;
  secrets: SecretObject;
  configmaps: ConfigMapObject;
  persistentvolumeclaims: ClaimObject;
  events: EventObject;
  namespaces: NamespaceObject;
  roles: RoleObject;
  clusterroles: RoleObject;
  rolebindings: RoleBindingObject;
  clusterrolebindings: RoleBindingObject;
  resourcequotas: QuotaObject;
}

/** The type behind a plural name; plural names are unique among the resources served here. */
export type ObjectOf<R extends string> = R extends keyof ObjectTypes ? ObjectTypes[R] : KubeObject;

/** What a client sends: the same object before the server has completed it. */
export interface Draft {
  apiVersion?: string;
  kind?: string;
  metadata?: Partial<Meta>;
  [field: string]: unknown;
}

export interface ObjectRef {
  /** Empty for cluster-wide resources. */
  namespace: string;
  name: string;
}

export function refOf(object: KubeObject): ObjectRef {
  return { namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}

export function isFinishedPod(pod: PodObject): boolean {
  return pod.status.phase === "Succeeded" || pod.status.phase === "Failed";
}
