import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";

interface ClusterEntry {
  cluster: Record<string, unknown> & { server: string };
}

/** Where a kubeconfig's API server listens. */
export function serverOf(kubeconfig: string): { url: string; host: string; port: number } {
  const { server } = clusterOf(kubeconfig).entry.cluster;
  const { protocol, hostname, port } = new URL(server);
  return { url: server, host: hostname, port: Number(port || (protocol === "https:" ? 443 : 80)) };
}

/** The same kubeconfig by way of another address; the server's certificate is still checked by its own name. */
export function proxiedKubeconfig(kubeconfig: string, address: { port: number } | { url: string }): string {
  const { config, entry } = clusterOf(kubeconfig);
  const secure = entry.cluster.server.startsWith("https:");
  if (secure) entry.cluster["tls-server-name"] = new URL(entry.cluster.server).hostname;
  const scheme = secure ? "https" : "http";
  entry.cluster.server = "url" in address ? address.url : `${scheme}://127.0.0.1:${address.port}`;
  const file = join(mkdtempSync(join(tmpdir(), "proxied-")), "kubeconfig");
  writeFileSync(file, JSON.stringify(config));
  return file;
}

function clusterOf(kubeconfig: string): { config: object; entry: ClusterEntry } {
  const config = load(readFileSync(kubeconfig, "utf8")) as { clusters: ClusterEntry[] };
  const [entry] = config.clusters;
  if (!entry) throw new Error(`${kubeconfig} names no cluster`);
  return { config, entry };
}
