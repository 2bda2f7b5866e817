import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** State of the cluster that `up.sh` made: volumes' folders and the audit log are under it. */
export const clusterDir = process.env["CLUSTER_DIR"] || "/tmp/cluster";

/** The administrator's kubeconfig. A suite that cannot run fails: nothing here is skipped. */
export function requireKubeconfig(): string {
  const kubeconfig = process.env["KUBECONFIG"];
  if (!kubeconfig)
    throw new Error("KUBECONFIG is not set: the suite needs a Kubernetes cluster (see test/paperclip/README.md)");
  return kubeconfig;
}

/** The program and its first arguments: the cluster's own binary has kubectl in it. */
function program(): [string, ...string[]] {
  const own = join(clusterDir, "k8s");
  return existsSync(own) ? [own, "kubectl"] : ["kubectl"];
}

/** Runs kubectl as the administrator and returns what it printed. */
export async function kubectl(...args: string[]): Promise<string> {
  const [file, ...first] = program();
  const { stdout } = await run(file, [...first, "--kubeconfig", requireKubeconfig(), ...args], { maxBuffer: 64 << 20 });
  return stdout;
}

export async function kubectlJson<T>(...args: string[]): Promise<T> {
  return JSON.parse(await kubectl(...args, "-o", "json")) as T;
}

/** Server-side effect of `kubectl apply -f -`. */
export function kubectlApply(manifest: object | string): Promise<void> {
  const [file, ...first] = program();
  const child = spawn(file, [...first, "--kubeconfig", requireKubeconfig(), "apply", "-f", "-"], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  child.stdin.end(typeof manifest === "string" ? manifest : JSON.stringify(manifest));
  let complaint = "";
  child.stderr.on("data", (chunk) => {
    complaint += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`kubectl apply: ${complaint.trim()}`))));
  });
}
