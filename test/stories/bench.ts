import type { Adapter, AdapterOptions } from "../../src/index.ts";
import { type EmbeddedWorld, embeddedWorld } from "../world/embedded-world.ts";
import { shortLimits } from "./short-limits.ts";
import { type Given, type LiveRun, standInFolder, startRun } from "./stage.ts";

/** An embedded world and an adapter in it, for stories whose faults concern everybody: they run one after the other. */
export interface Bench {
  readonly world: EmbeddedWorld;
  readonly faults: EmbeddedWorld["cluster"]["faults"];
  readonly warnings: string[];
  /** A run of a fresh adapter, as after a start of Paperclip: nothing is known to it. */
  start(given?: Given & { agentId?: string; limits?: AdapterOptions["limits"] }): LiveRun;
  adapter(limits?: AdapterOptions["limits"]): Adapter;
  /** How many Jobs of the agent were ever accepted. */
  jobsMade(agentId: string): number;
  /** The most processes of the agent that ever ran at the same time, by the pods' own times. */
  mostAtOnce(agentId: string): number;
  /** Forgets the faults of a story and closes its adapters. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

let runs = 0;

export async function openBench(): Promise<Bench> {
  const world = await embeddedWorld({ path: [standInFolder] });
  const { faults } = world.cluster;
  const warnings: string[] = [];
  const open = new Set<Adapter>();
  const witness = watchObjects(world);
  const adapter = (limits: AdapterOptions["limits"] = {}) => {
    const created = world.adapter({
      limits: { ...shortLimits("embedded"), ...limits },
      warn: (message) => warnings.push(message),
    });
    open.add(created);
    return created;
  };
  const closeAll = async () => {
    await Promise.all([...open].map((each) => each.close()));
    open.clear();
  };
  return {
    world,
    faults,
    warnings,
    adapter,
    start: ({ agentId = `f${++runs}`, limits, ...given } = {}) =>
      startRun(world, adapter(limits), { agentId, chatter: { lines: 12, rate: 40 }, ...given }),
    jobsMade: (agentId) => witness.made.get(agentId)?.size ?? 0,
    mostAtOnce: (agentId) => witness.most.get(agentId) ?? 0,
    async reset() {
      faults.clear();
      faults.kubeletSlow(20);
      faults.nodeBack();
      await closeAll();
      warnings.length = 0;
    },
    async stop() {
      faults.clear();
      await closeAll();
      witness.stop();
      await world.stop();
    },
  };
}

/** Looks at the store itself: a fault on a request must not blind the witness. */
function watchObjects({ cluster, namespace }: EmbeddedWorld) {
  const made = new Map<string, Set<string>>();
  const most = new Map<string, number>();
  const agentOf = ({ metadata }: { metadata: { labels?: Record<string, string> } }) =>
    metadata.labels?.["paperclip.io/agent-id"] ?? "";
  const look = () => {
    for (const job of cluster.objects("jobs", namespace)) {
      made.set(agentOf(job), (made.get(agentOf(job)) ?? new Set()).add(job.metadata.uid));
    }
    const running = cluster
      .objects("pods", namespace)
      .filter(({ status }) => status.containerStatuses?.some(({ state }) => state?.running));
    for (const pod of running) {
      const count = running.filter((other) => agentOf(other) === agentOf(pod)).length;
      most.set(agentOf(pod), Math.max(count, most.get(agentOf(pod)) ?? 0));
    }
  };
  const timer = setInterval(look, 5);
  return { made, most, stop: () => clearInterval(timer) };
}
