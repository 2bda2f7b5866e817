import { execFile } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { loadAll } from "js-yaml";
import { connectCluster } from "../../src/cluster/connect.ts";
import { createServerAdapter } from "../../src/index.ts";
import { accountFiles, claimObject, examples, hostPod, namespaceObject } from "./manifests.ts";
import type { World } from "./world.ts";

const run = promisify(execFile);
/** The pods' bridge, where a server of this machine listens for them (the test cluster's README). */
const hostAddress = "10.88.0.1";
const agentImage = "docker.io/local/agent:1";

interface RealWorldOptions {
  namespace: string;
  /** The test cluster's PersistentVolume behind /paperclip. */
  volume: string;
  /** The environment of Paperclip's own container. */
  env?: Record<string, string>;
  image?: string;
}

/** A namespace of the cluster that KUBECONFIG names. Without it these suites fail: they are not skipped. */
export async function realWorld({ namespace, volume, env = {}, image = agentImage }: RealWorldOptions): Promise<World> {
  const kubeconfig = process.env["KUBECONFIG"];
  if (!kubeconfig) throw new Error("KUBECONFIG is not set: this suite needs a real cluster (see docs/testing.md)");
  const clusterDir = process.env["CLUSTER_DIR"] ?? "/tmp/cluster";
  const dir = mkdtempSync(join(tmpdir(), "real-world-"));
  const kubectl = createKubectl(join(clusterDir, "k8s"), kubeconfig);
  const sharedFolder = join(clusterDir, "pv", volume);

  await kubectl(["delete", "namespace", namespace, "--ignore-not-found", "--wait=true"]);
  await freeVolumes(kubectl);
  emptyFolder(sharedFolder);
  await kubectl(["apply", "-f", "-"], namespaceObject(namespace));
  await kubectl(["apply", "-f", "-"], examples(namespace, accountFiles));
  await kubectl(
    ["apply", "-f", "-"],
    claimObject({ namespace, storageClassName: volume === "data" ? "shared" : "rwx", volumeName: volume }),
  );
  await kubectl(["apply", "-f", "-"], hostPod({ namespace, image, env }));

  const serviceAccountDir = join(dir, "service-account");
  mkdirSync(serviceAccountDir);
  writeFileSync(join(serviceAccountDir, "namespace"), namespace);
  const kubeconfigs = new Map<string, Promise<string>>();
  const admin = await connectCluster({ kubeconfig });
  return {
    kind: "real",
    namespace,
    admin,
    hostAddress,
    agentImage,
    sharedFolder,
    kubeconfig(account) {
      if (account === "admin") return Promise.resolve(kubeconfig);
      const made = kubeconfigs.get(account) ?? writeKubeconfig(kubectl, { kubeconfig, namespace, account, dir });
      kubeconfigs.set(account, made);
      return made;
    },
    adapter: (options) =>
      createServerAdapter({
        env: { HOSTNAME: "paperclip-0", ...env },
        serviceAccountDir,
        sharedDir: sharedFolder,
        ...options,
      }),
    async stop() {
      await admin.close();
      await kubectl(["delete", "namespace", namespace, "--ignore-not-found", "--wait=true"]);
      await freeVolumes(kubectl);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

type Kubectl = (args: string[], input?: object | object[]) => Promise<string>;

function createKubectl(program: string, kubeconfig: string): Kubectl {
  return async (args, input) => {
    const child = run(program, ["kubectl", "--kubeconfig", kubeconfig, ...args], { maxBuffer: 64 << 20 });
    const items = input === undefined ? undefined : Array.isArray(input) ? input : [input];
    child.child.stdin?.end(items ? JSON.stringify({ apiVersion: "v1", kind: "List", items }) : "");
    return (await child).stdout;
  };
}

interface Volume {
  metadata: { name: string };
  spec: { claimRef?: { uid: string } };
  status: { phase: string };
}

/** A released volume keeps the claim it had, also one of a suite that was killed; without it the next claim can have it. */
async function freeVolumes(kubectl: Kubectl): Promise<void> {
  const released = async () => {
    const { items } = JSON.parse(await kubectl(["get", "pv", "-o", "json"])) as { items: Volume[] };
    return items.filter(({ status, spec }) => status.phase === "Released" && spec.claimRef);
  };
  for (const { metadata, spec } of await released()) {
    const uid = spec.claimRef?.uid;
    const free = [
      { op: "test", path: "/spec/claimRef/uid", value: uid },
      { op: "remove", path: "/spec/claimRef" },
    ];
    await kubectl(["patch", "pv", metadata.name, "--type=json", `-p=${JSON.stringify(free)}`]).catch(async (error) => {
      // Another world of this run may have been faster.
      if ((await released()).some((volume) => volume.spec.claimRef?.uid === uid)) throw error;
    });
  }
}

function emptyFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (existsSync(folder)) chownSync(folder, 1000, 1000);
}

interface Account {
  kubeconfig: string;
  namespace: string;
  account: string;
  dir: string;
}

async function writeKubeconfig(kubectl: Kubectl, { kubeconfig, namespace, account, dir }: Account): Promise<string> {
  await kubectl(["apply", "-f", "-"], {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: account, namespace },
  });
  const token = (await kubectl(["create", "token", account, "-n", namespace, "--duration=4h"])).trim();
  const [admin] = loadAll(readFileSync(kubeconfig, "utf8")) as [Record<string, unknown>];
  const file = join(dir, `${account}.kubeconfig`);
  const users = [{ name: "u", user: { token } }];
  writeFileSync(file, JSON.stringify({ ...admin, users }));
  return file;
}
