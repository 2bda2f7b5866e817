import { fileURLToPath } from "node:url";
import { connectCluster } from "../../src/cluster/connect.ts";
import { createServerAdapter } from "../../src/index.ts";
import { type EmbeddedCluster, startEmbeddedCluster } from "../embedded/embedded-cluster.ts";
import { accountFiles, claimObject, examples, hostPod, namespaceObject } from "./manifests.ts";
import type { World } from "./world.ts";

/** Real OpenCode, as npm installed it here. */
const programs = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));

export const agentImage = "docker.io/local/agent:1";

export interface EmbeddedWorld extends World {
  cluster: EmbeddedCluster;
}

interface EmbeddedWorldOptions {
  namespace?: string;
  /** The environment of Paperclip's own container. */
  env?: Record<string, string>;
  /** Folders with programs that stand before OpenCode's in the agent image. */
  path?: readonly string[];
}

/** A cluster in this process, with the examples applied and a pod that stands for Paperclip's. */
export async function embeddedWorld({
  namespace = "paperclip",
  env = {},
  path = [],
}: EmbeddedWorldOptions = {}): Promise<EmbeddedWorld> {
  const cluster = await startEmbeddedCluster({
    images: {
      [agentImage]: { path: [...path, programs], env: { HOME: "/paperclip" }, uid: 1000 },
      "docker.io/library/busybox:1.36": {},
    },
  });
  const objects = [
    namespaceObject(namespace),
    ...examples(namespace, accountFiles),
    { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name: "rwx" } },
    claimObject({ namespace, storageClassName: "rwx" }),
    hostPod({ namespace, image: agentImage, env, annotations: { "embedded.test/static": "true" } }),
  ];
  await cluster.apply(JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
  const admin = await connectCluster({ kubeconfig: cluster.adminKubeconfig });
  const serviceAccountDir = cluster.serviceAccountDir({ serviceAccount: "paperclip", namespace });
  return {
    kind: "embedded",
    cluster,
    namespace,
    admin,
    hostAddress: "127.0.0.1",
    agentImage,
    sharedFolder: cluster.volumePath("paperclip-data", namespace),
    kubeconfig: async (account) =>
      account === "admin" ? cluster.adminKubeconfig : cluster.kubeconfigFor({ serviceAccount: account, namespace }),
    adapter: (options) =>
      createServerAdapter({
        env: { HOSTNAME: "paperclip-0", ...cluster.serviceEnv, ...env },
        serviceAccountDir,
        sharedDir: cluster.volumePath("paperclip-data", namespace),
        ...options,
      }),
    async stop() {
      await admin.close();
      await cluster.stop();
    },
  };
}
