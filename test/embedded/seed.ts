import { createObject } from "./api-server/object-api.ts";
import type { Draft } from "./api-server/objects.ts";
import { resourceNamed } from "./api-server/resource-table.ts";
import type { Store } from "./api-server/store.ts";
import { nodeName } from "./kubelet/kubelet-context.ts";
import { formatSeconds } from "./kubelet/node-clock.ts";

const rbac = "rbac.authorization.k8s.io/v1";

/** What every cluster has before anybody creates anything. */
export function seedCluster(store: Store, { namespaces, nodeLabels }: SeedParts): void {
  for (const name of new Set(["default", "kube-system", ...namespaces])) createNamespace(store, name);
  store.create("nodes", node(nodeLabels));
  store.create("storageclasses", storageClass("standard", "Immediate", true));
  store.create("storageclasses", storageClass("wait", "WaitForFirstConsumer", false));
  store.create("clusterroles", role("cluster-admin", [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }]));
  const basic = { verbs: ["create"], apiGroups: ["authorization.k8s.io"], resources: ["selfsubjectaccessreviews"] };
  store.create("clusterroles", role("system:basic-user", [basic]));
  store.create("clusterrolebindings", {
    apiVersion: rbac,
    kind: "ClusterRoleBinding",
    metadata: { name: "system:basic-user" },
    subjects: [{ kind: "Group", name: "system:authenticated" }],
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:basic-user" },
  });
}

export interface SeedParts {
  namespaces: readonly string[];
  nodeLabels: Record<string, string>;
}

export function createNamespace(store: Store, name: string): void {
  if (store.get("namespaces", { namespace: "", name })) return;
  createObject(store, { type: resourceNamed("namespaces"), namespace: "", dryRun: false }, { metadata: { name } });
}

function role(name: string, rules: object[]): Draft {
  return { apiVersion: rbac, kind: "ClusterRole", metadata: { name }, rules };
}

function storageClass(name: string, volumeBindingMode: string, isDefault: boolean): Draft {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: {
      name,
      ...(isDefault ? { annotations: { "storageclass.kubernetes.io/is-default-class": "true" } } : {}),
    },
    provisioner: "embedded.test/folder",
    reclaimPolicy: "Delete",
    volumeBindingMode,
  };
}

function node(labels: Record<string, string>): Draft {
  const amounts = { cpu: "64", memory: "256Gi", "ephemeral-storage": "1Ti", pods: "1000" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: nodeName,
      labels: {
        "kubernetes.io/hostname": nodeName,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        ...labels,
      },
    },
    spec: {},
    status: {
      capacity: amounts,
      allocatable: amounts,
      conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", lastTransitionTime: formatSeconds() }],
      nodeInfo: { kubeletVersion: "v1.34.4" },
    },
  };
}
