export interface ResourceType {
  plural: string;
  group: string;
  version: string;
  kind: string;
  namespaced: boolean;
  subresources: readonly string[];
}

const rbac = { group: "rbac.authorization.k8s.io", version: "v1", subresources: [] };
const core = { group: "", version: "v1", subresources: [] };

/** What this server serves, by the paths and kinds of Kubernetes 1.34. */
const served: readonly ResourceType[] = [
  { ...core, plural: "namespaces", kind: "Namespace", namespaced: false, subresources: ["status", "finalize"] },
  { ...core, plural: "nodes", kind: "Node", namespaced: false, subresources: ["status"] },
  { ...core, plural: "pods", kind: "Pod", namespaced: true, subresources: ["log", "status", "eviction"] },
  { ...core, plural: "secrets", kind: "Secret", namespaced: true },
  { ...core, plural: "configmaps", kind: "ConfigMap", namespaced: true },
  { ...core, plural: "events", kind: "Event", namespaced: true },
  { ...core, plural: "serviceaccounts", kind: "ServiceAccount", namespaced: true, subresources: ["token"] },
  { ...core, plural: "services", kind: "Service", namespaced: true },
  {
    ...core,
    plural: "persistentvolumeclaims",
    kind: "PersistentVolumeClaim",
    namespaced: true,
    subresources: ["status"],
  },
  { ...core, plural: "resourcequotas", kind: "ResourceQuota", namespaced: true },
  { group: "batch", version: "v1", plural: "jobs", kind: "Job", namespaced: true, subresources: ["status"] },
  { group: "apps", version: "v1", plural: "deployments", kind: "Deployment", namespaced: true, subresources: [] },
  { ...rbac, plural: "roles", kind: "Role", namespaced: true },
  { ...rbac, plural: "rolebindings", kind: "RoleBinding", namespaced: true },
  { ...rbac, plural: "clusterroles", kind: "ClusterRole", namespaced: false },
  { ...rbac, plural: "clusterrolebindings", kind: "ClusterRoleBinding", namespaced: false },
  {
    group: "authorization.k8s.io",
    version: "v1",
    plural: "selfsubjectaccessreviews",
    kind: "SelfSubjectAccessReview",
    namespaced: false,
    subresources: [],
  },
  {
    group: "storage.k8s.io",
    version: "v1",
    plural: "storageclasses",
    kind: "StorageClass",
    namespaced: false,
    subresources: [],
  },
];

export function findResource(group: string, version: string, plural: string): ResourceType | undefined {
  return served.find((type) => type.group === group && type.version === version && type.plural === plural);
}

export function resourceNamed(plural: string): ResourceType {
  const found = served.find((type) => type.plural === plural);
  if (!found) throw new Error(`the embedded cluster does not serve "${plural}"`);
  return found;
}

export function resourceOfKind(apiVersion: string, kind: string): ResourceType | undefined {
  return served.find((type) => apiVersionOf(type) === apiVersion && type.kind === kind);
}

export function namespacedResources(): ResourceType[] {
  return served.filter((type) => type.namespaced);
}

export function hasGroupVersion(group: string, version: string): boolean {
  return served.some((type) => type.group === group && type.version === version);
}

export function apiVersionOf(type: ResourceType): string {
  return type.group === "" ? type.version : `${type.group}/${type.version}`;
}

/** "jobs.batch", "pods": how messages name a resource. */
export function qualifiedResource(type: { group: string; plural: string }): string {
  return type.group === "" ? type.plural : `${type.plural}.${type.group}`;
}

/** "Job.batch", "Pod": how validation messages name a kind. */
export function qualifiedKind(type: { group: string; kind: string }): string {
  return type.group === "" ? type.kind : `${type.kind}.${type.group}`;
}
