import { readFileSync } from "node:fs";
import { loadAll } from "js-yaml";

export function namespaceObject(name: string): object {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

/** Of `examples/`: the service account and what it may do. */
export const accountFiles = ["base/service-account.yaml", "rbac/role.yaml"];

/** The very files of `examples/`, in another namespace. */
export function examples(namespace: string, files: readonly string[]): object[] {
  return files.flatMap((file) => {
    const text = readFileSync(new URL(`../../examples/${file}`, import.meta.url), "utf8");
    const moved = text.replaceAll("namespace: paperclip", `namespace: ${namespace}`);
    return loadAll(moved).filter((item): item is object => typeof item === "object" && item !== null);
  });
}

interface ClaimOptions {
  namespace: string;
  storageClassName: string;
  volumeName?: string;
}

export function claimObject({ namespace, storageClassName, volumeName }: ClaimOptions): object {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "paperclip-data", namespace },
    spec: {
      accessModes: ["ReadWriteMany"],
      storageClassName,
      ...(volumeName ? { volumeName } : {}),
      resources: { requests: { storage: "1Gi" } },
    },
  };
}

interface HostPodOptions {
  namespace: string;
  image: string;
  env: Record<string, string>;
  annotations?: Record<string, string>;
}

/** A pod that stands for Paperclip's: the adapter inherits from it, nothing needs to answer in it. */
export function hostPod({ namespace, image, env, annotations = {} }: HostPodOptions): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "paperclip-0", namespace, annotations },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "paperclip",
          image,
          imagePullPolicy: "IfNotPresent",
          command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done"],
          env: Object.entries(env).map(([name, value]) => ({ name, value })),
          envFrom: [{ secretRef: { name: "paperclip-providers", optional: true } }],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          volumeMounts: [{ name: "data", mountPath: "/paperclip" }],
        },
      ],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: "paperclip-data" } }],
    },
  };
}
