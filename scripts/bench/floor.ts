import { readFileSync } from "node:fs";
import { Agent, get } from "node:https";
import { load } from "js-yaml";

/** One bare watch and one bare follow with plain `node:https`: what any client of the API has to pay. */
export interface Floor {
  /** Milliseconds from a line's own time to its arrival. */
  latencies: number[];
  lines: number;
  /** From the first line to the last. */
  ms: number;
}

interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority"?: string; "certificate-authority-data"?: string } }[];
  users: { user: { token?: string } }[];
}

/** Follows a container's log until its end, looks for the numbered lines and does nothing else. */
export async function followBare(kubeconfig: string, pod: { namespace: string; name: string }): Promise<Floor> {
  const config = load(readFileSync(kubeconfig, "utf8")) as Kubeconfig;
  const cluster = config.clusters[0]?.cluster;
  if (!cluster) throw new Error(`${kubeconfig} names no cluster`);
  const data = cluster["certificate-authority-data"];
  const ca = data ? Buffer.from(data, "base64") : readFileSync(cluster["certificate-authority"] ?? "");
  const agent = new Agent({ ca, keepAlive: true });
  const headers = { authorization: `Bearer ${config.users[0]?.user.token}` };
  const base = `${cluster.server}/api/v1/namespaces/${pod.namespace}/pods`;
  const open = (url: string) => (data: (chunk: Buffer) => void) =>
    new Promise<void>((resolve, reject) => {
      const request = get(url, { agent, headers }, (response) => {
        response.on("data", data);
        response.on("end", resolve);
        response.on("close", resolve);
      });
      request.on("error", (error) => (stopped ? resolve() : reject(error)));
      stops.push(() => request.destroy());
    });
  let stopped = false;
  const stops: (() => void)[] = [];
  const watching = open(`${base}?watch=true&fieldSelector=metadata.name%3D${pod.name}`)(() => undefined);
  const counter = createCounter();
  await open(`${base}/${pod.name}/log?follow=true&timestamps=true`)(counter.push);
  stopped = true;
  for (const stop of stops) stop();
  await watching;
  agent.destroy();
  return counter.result();
}

function createCounter() {
  const latencies: number[] = [];
  let rest = "";
  let [first, last] = [0, 0];
  return {
    push: (chunk: Buffer) => {
      const now = performance.timeOrigin + performance.now();
      const lines = (rest + chunk.toString("latin1")).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const sent = /seq=\d+ t=(\d+)/.exec(line)?.[1];
        if (!sent) continue;
        latencies.push(now - Number(sent) / 1e6);
        first ||= now;
        last = now;
      }
    },
    result: (): Floor => ({ latencies, lines: latencies.length, ms: last - first }),
  };
}
