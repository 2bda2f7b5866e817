// What following a log costs, case by case, beside a floor measured in the same run.
// KUBECONFIG=... node --import ./scripts/raw-text.ts scripts/bench/log.ts [case ...]

import type { Cluster, LogRequest, Pod } from "../../src/cluster/cluster.ts";
import { connectCluster } from "../../src/cluster/connect.ts";
import { carry, startPod } from "../../test/fault-proxy/log-run.ts";
import { type Floor, followBare } from "./floor.ts";

interface Case {
  name: string;
  env: Record<string, string>;
  /** Turns of floor and follower; the fastest of each counts, since both share the machine with the cluster. */
  turns?: number;
}

const cases: Case[] = [
  { name: "steady, 100 lines/s", env: { CH_LINES: "1500", CH_RATE: "100" } },
  { name: "steady, 1,000 lines/s of 500 bytes", env: { CH_LINES: "10000", CH_RATE: "1000", CH_SIZE: "340" } },
  { name: "burst, 50,000 lines", env: { CH_LINES: "50000", CH_RATE: "0" }, turns: 5 },
  { name: "40 kB lines in halves", env: { CH_LINES: "500", CH_RATE: "100", CH_SIZE: "40000", CH_TORN: "1" } },
  { name: "stderr beside every line", env: { CH_LINES: "2000", CH_RATE: "200", CH_ERR: "1" } },
  { name: "1 GB", env: { CH_LINES: "1000000", CH_RATE: "12000", CH_SIZE: "840" } },
];

const signal = new AbortController().signal;
const limits = { idleMs: 60_000, renewMs: 3_000_000, firstRetryMs: 250, lastRetryMs: 5_000, wholeFileBytes: 65_536 };
const kubeconfig = process.env["KUBECONFIG"] ?? "";
if (!kubeconfig) throw new Error("KUBECONFIG is not set: the benchmark needs a cluster with the image local/chatter:1");
const image = process.env["BENCH_IMAGE"] ?? "docker.io/local/chatter:1";
const namespace = `bench-log-${process.pid}`;

const cluster = await connectCluster({ kubeconfig });
let requests = 0;
const counted: Cluster = {
  ...cluster,
  openLog: (request: LogRequest) => {
    requests++;
    return cluster.openLog(request);
  },
  read: (resource, ref, options) => {
    requests++;
    return cluster.read(resource, ref, options);
  },
};

/** What the run's log said of its own. */
const notes: string[] = [];
const wanted = process.argv.slice(2);
const chosen = cases.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
await cluster.create("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, { signal });
await new Promise((resolve) => setTimeout(resolve, 2_000));
try {
  console.log(
    "| case | missing | repeated | latency ms p50 / p99 / max | floor's | lines/s | floor's | CPU s | peak MiB in the first fifth / later | requests |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|---|");
  for (const [index, each] of chosen.entries()) console.log(await measure(each, index));
  console.log(notes.join("\n"));
} finally {
  await cluster.delete("namespaces", { namespace: "", name: namespace }, { signal });
  await cluster.close();
}

/** Pods with the same output, one after the other: the floor follows the first, the follower the second. */
async function measure({ name, env, turns = 1 }: Case, index: number): Promise<string> {
  const floors: Floor[] = [];
  const owns: Awaited<ReturnType<typeof followed>>[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const pod = (suffix: string) =>
      startPod(cluster, { namespace, name: `c${index}-${turn}-${suffix}`, image, command: ["opencode", "run"], env });
    const floorPod = await pod("floor");
    floors.push(await followBare(kubeconfig, { namespace, name: floorPod.metadata?.name ?? "" }));
    await remove(floorPod);
    const ownPod = await pod("own");
    owns.push(await followed(ownPod, Number(env["CH_LINES"])));
    await remove(ownPod);
  }
  for (const text of owns.flatMap(({ said }) => said)) notes.push(`${name}: ${text}`);
  const [floor, own] = [fastest(floors), fastest(owns)];
  return `| ${[
    name,
    owns.reduce((sum, { missing }) => sum + missing, 0),
    owns.reduce((sum, { repeated }) => sum + repeated, 0),
    spread(own.latencies),
    spread(floor.latencies),
    rate(own),
    `${rate(floor)} (${floor.lines} lines)`,
    own.cpuSec.toFixed(1),
    own.peaks.map((peak) => peak.toFixed(0)).join(" / "),
    own.requests,
  ].join(" | ")} |`;
}

function fastest<T extends Pick<Floor, "lines" | "ms">>(results: readonly T[]): T {
  return results.reduce((best, next) => (next.lines / next.ms > best.lines / best.ms ? next : best));
}

async function followed(pod: Pod, expected: number) {
  const counter = createCounter(expected);
  const cpu = process.cpuUsage();
  /** At the first fifth, and after it. */
  const peaks: [number, number] = [0, 0];
  const sample = setInterval(() => {
    const part = counter.share < 0.2 ? 0 : 1;
    peaks[part] = Math.max(peaks[part], process.memoryUsage().rss / 2 ** 20);
  }, 50);
  requests = 0;
  const { latencies, said } = await carry(counted, pod, { limits, keep: false, onLine: counter.push });
  clearInterval(sample);
  const { user, system } = process.cpuUsage(cpu);
  return { ...counter.result(), latencies, said, cpuSec: (user + system) / 1e6, peaks, requests };
}

function createCounter(expected: number) {
  const seen = new Uint8Array(expected);
  let [first, last, lines, repeated] = [0, 0, 0, 0];
  return {
    get share() {
      return lines / expected;
    },
    push: (line: string) => {
      const number = Number(/seq=(\d+)/.exec(line)?.[1] ?? -1);
      if (number < 0) return;
      if (seen[number]) repeated++;
      seen[number] = 1;
      lines++;
      last = performance.now();
      first ||= last;
    },
    result: () => ({ lines, ms: last - first, repeated, missing: expected - lines + repeated }),
  };
}

function rate({ lines, ms }: Pick<Floor, "lines" | "ms">): string {
  return Math.round((lines - 1) / (ms / 1000)).toLocaleString("en");
}

function spread(values: readonly number[]): string {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
  return `${at(0.5)} / ${at(0.99)} / ${at(1)}`;
}

async function remove(pod: Pod): Promise<void> {
  await cluster.delete("pods", { namespace, name: pod.metadata?.name ?? "" }, { signal, gracePeriodSeconds: 0 });
}
