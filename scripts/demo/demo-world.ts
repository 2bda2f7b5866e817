import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as openSocket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Claim, Cluster, Namespace, Pod } from "../../src/cluster/cluster.ts";
import { connectCluster } from "../../src/cluster/connect.ts";
import { createServerAdapter } from "../../src/index.ts";
import { embeddedWorld } from "../../test/world/embedded-world.ts";
import { hostPod, namespaceObject } from "../../test/world/manifests.ts";
import { leftBehind, type World } from "../../test/world/world.ts";

export interface DemoWorld extends World {
  describe: string;
  /** What Paperclip's own process would find in its environment. */
  podEnv: Record<string, string>;
  leftBehind(): Promise<string[]>;
}

interface DemoOptions {
  kubeconfig: string | undefined;
  image: string | undefined;
  storageClass: string | undefined;
  hostAddress: string | undefined;
}

const signal = new AbortController().signal;

export async function demoWorld(options: DemoOptions): Promise<DemoWorld> {
  if (options.kubeconfig === undefined) return embeddedDemo();
  if (options.image === undefined)
    throw new Error("--kubeconfig needs --image: one that has a shell and OpenCode in it");
  return realDemo({ ...options, kubeconfig: options.kubeconfig, image: options.image });
}

async function embeddedDemo(): Promise<DemoWorld> {
  const world = await embeddedWorld();
  const podEnv = { HOSTNAME: "paperclip-0", ...world.cluster.serviceEnv };
  return {
    ...world,
    describe: `embedded, in this process, at ${world.cluster.url}`,
    podEnv,
    leftBehind: () => leftBehind(world),
  };
}

/** A namespace of its own on the user's cluster, with a pod that stands for Paperclip's; removed at the end. */
async function realDemo(options: DemoOptions & { kubeconfig: string; image: string }): Promise<DemoWorld> {
  const { kubeconfig, image } = options;
  // Whoever names a kubeconfig on the command line lets it do what kubectl lets it do: run a program that signs in.
  const operator = { ...process.env, OPENCODE_K8S_KUBECONFIG_DIRS: dirname(resolve(kubeconfig)) };
  const admin = await connectCluster({ kubeconfig, env: operator });
  const namespace = `opencode-demo-${Date.now().toString(36)}`;
  await admin.create("namespaces", namespaceObject(namespace) as Namespace, { signal });
  await admin.create("persistentvolumeclaims", sharedClaim(namespace, options.storageClass), { signal });
  await admin.create("pods", hostPod({ namespace, image, env: {} }) as Pod, { signal });
  const serviceAccountDir = await mkdtemp(join(tmpdir(), "demo-"));
  await writeFile(join(serviceAccountDir, "namespace"), namespace);
  const podEnv = { HOSTNAME: "paperclip-0" };
  const world: World = {
    kind: "real",
    namespace,
    admin,
    hostAddress: options.hostAddress ?? (await addressTowards(admin)),
    agentImage: image,
    sharedFolder: "",
    kubeconfig: async () => kubeconfig,
    adapter: (given) => createServerAdapter({ env: { ...operator, ...podEnv }, serviceAccountDir, ...given }),
    async stop() {
      await admin.delete("namespaces", { namespace, name: namespace }, { signal });
      await admin.close();
      await rm(serviceAccountDir, { recursive: true });
    },
  };
  return {
    ...world,
    describe: `${admin.server}, image ${image}`,
    podEnv,
    leftBehind: () => leftBehind(world),
  };
}

/** On one node ReadWriteOnce serves several pods; a demo needs no more, and most default classes offer nothing else. */
function sharedClaim(namespace: string, storageClassName: string | undefined): Claim {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "paperclip-data", namespace },
    spec: {
      accessModes: [storageClassName ? "ReadWriteMany" : "ReadWriteOnce"],
      ...(storageClassName ? { storageClassName } : {}),
      resources: { requests: { storage: "1Gi" } },
    },
  };
}

/** The address of this machine on the way to the API server: pods on the same network reach it there. */
function addressTowards({ server }: Cluster): Promise<string> {
  const { hostname, port, protocol } = new URL(server);
  return new Promise((resolve, reject) => {
    const socket = openSocket({ host: hostname, port: Number(port || (protocol === "http:" ? 80 : 443)) });
    socket.once("connect", () => {
      resolve(socket.localAddress ?? "127.0.0.1");
      socket.destroy();
    });
    socket.once("error", reject);
  });
}
