import { randomBytes } from "node:crypto";
import type { Cluster, Pod } from "../../src/cluster/cluster.ts";
import { connectCluster } from "../../src/cluster/connect.ts";
import { startPod } from "./log-run.ts";
import { proxiedKubeconfig, serverOf } from "./proxied-kubeconfig.ts";
import { startTcpFaultProxy, type TcpFaultProxy } from "./tcp-fault-proxy.ts";

/** A namespace of the real cluster for chatter pods, and the cluster by way of a fault proxy that passes TLS on. */
export interface RealStage {
  admin: Cluster;
  proxied: Cluster;
  proxy: TcpFaultProxy;
  kubeconfig: string;
  /** Starts the launcher with chatter; resolves when it runs. */
  chat(env: Record<string, string>): Promise<Pod>;
  remove(pod: Pod): Promise<void>;
  close(): Promise<void>;
}

const image = "docker.io/local/chatter:1";
const signal = new AbortController().signal;

export async function realStage(name: string): Promise<RealStage> {
  const kubeconfig = process.env["KUBECONFIG"];
  if (!kubeconfig) throw new Error("KUBECONFIG is not set: this suite needs a real cluster (see docs/testing.md)");
  const namespace = `${name}-${randomBytes(3).toString("hex")}`;
  const admin = await connectCluster({ kubeconfig });
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await admin.create(
    "namespaces",
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } },
    { signal },
  );
  const proxy = await startTcpFaultProxy(serverOf(kubeconfig));
  const proxied = await connectCluster({ kubeconfig: proxiedKubeconfig(kubeconfig, proxy) });
  let pods = 0;
  return {
    admin,
    proxied,
    proxy,
    kubeconfig,
    chat: async (env) => {
      await accountExists(admin, namespace);
      return startPod(admin, { namespace, name: `chat-${++pods}`, image, command: ["opencode", "run"], env });
    },
    remove: async (pod) => {
      await admin.delete("pods", { namespace, name: pod.metadata?.name ?? "" }, { signal, gracePeriodSeconds: 0 });
    },
    async close() {
      await proxied.close();
      await proxy.close();
      await admin.delete("namespaces", { namespace: "", name: namespace }, { signal });
      await admin.close();
    },
  };
}

/** A pod is refused until the controller has made the namespace's default service account. */
async function accountExists(admin: Cluster, namespace: string): Promise<void> {
  const probe = { apiVersion: "v1", kind: "Pod", metadata: { name: "probe", namespace }, spec: probeSpec };
  for (let attempt = 0; attempt < 50; attempt++) {
    try {
      return void (await admin.create("pods", probe, { signal, dryRun: true }));
    } catch (error) {
      if (!String(error).includes("serviceaccount")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

const probeSpec = {
  securityContext: { runAsUser: 1000, runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  containers: [
    { name: "probe", image, securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } } },
  ],
};
