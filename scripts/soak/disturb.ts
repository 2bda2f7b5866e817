import { evictByApi } from "../../test/stories/stage.ts";
import type { EmbeddedWorld } from "../../test/world/embedded-world.ts";
import type { World } from "../../test/world/world.ts";

/** One thing that goes wrong in a run, and the ends that are right for it. */
export interface Disturbance {
  name: string;
  /** Settings of the agent, beside the stand-in's own. */
  config?: Record<string, unknown>;
  env?: Record<string, string>;
  /** Done once the run has printed its third line. */
  act?(run: Disturbed): Promise<void> | void;
  /** "" is success. */
  codes: readonly string[];
  /** Lines may be lost, if the run's log says so. */
  mayLose?: boolean;
  only?: World["kind"];
}

export interface Disturbed {
  world: World;
  pod: { namespace: string; name: string };
  job: { namespace: string; name: string };
  cancel(): void;
}

const signal = new AbortController().signal;
const faultsOf = (world: World) => (world as EmbeddedWorld).cluster.faults;
const endless = { CH_LINES: "100000", CH_RATE: "40" };

/** A fault on a stream of all runs strikes whoever has one: nobody's end may change by it. */
export const disturbances: readonly Disturbance[] = [
  { name: "nothing", codes: [""] },
  { name: "exit 3", env: { CH_EXIT: "3" }, codes: ["opencode_failed"] },
  { name: "cancel", env: endless, act: ({ cancel }) => cancel(), codes: ["cancelled"] },
  {
    name: "cancel, TERM ignored",
    env: { ...endless, CH_TERM: "ignore" },
    act: ({ cancel }) => cancel(),
    codes: ["cancelled"],
  },
  { name: "timeout", env: endless, config: { timeoutSec: 1 }, codes: ["timeout"] },
  {
    name: "pod deleted",
    env: endless,
    act: async ({ world, pod }) => void (await world.admin.delete("pods", pod, { signal })),
    codes: ["k8s_pod_deleted"],
  },
  {
    name: "Job deleted",
    env: endless,
    act: async ({ world, job }) => void (await world.admin.delete("jobs", job, { signal })),
    codes: ["k8s_job_deleted"],
  },
  {
    name: "out of memory",
    env: endless,
    act: ({ world, pod }) => faultsOf(world).oomKill(pod),
    codes: ["k8s_out_of_memory"],
    only: "embedded",
  },
  {
    name: "evicted",
    env: endless,
    act: ({ world, pod }) => faultsOf(world).evict(pod),
    codes: ["k8s_pod_evicted"],
    only: "embedded",
  },
  { name: "streams reset", act: ({ world }) => void faultsOf(world).resetStreams(), codes: [""], only: "embedded" },
  {
    name: "logs end cleanly",
    act: ({ world }) => void faultsOf(world).cleanEofOfLogs(),
    codes: [""],
    only: "embedded",
  },
  { name: "410 for watches", act: ({ world }) => void faultsOf(world).goneWatch(), codes: [""], only: "embedded" },
  {
    name: "ten answers are 503",
    act: ({ world }) => void faultsOf(world).answer({ where: ofRuns }, { status: 503, times: 10 }),
    codes: [""],
    only: "embedded",
  },
  {
    name: "five answers are lost",
    act: ({ world }) => void faultsOf(world).on({ where: ofRuns }, { kind: "lose-answer" }, 5),
    codes: [""],
    only: "embedded",
  },
  {
    name: "preempted",
    env: endless,
    act: ({ world, pod }) => faultsOf(world).preempt(pod),
    // Whose watch is away in that moment sees the pod gone and not why.
    codes: ["k8s_pod_preempted", "k8s_pod_deleted"],
    only: "embedded",
  },
  {
    name: "evicted through the API",
    env: endless,
    act: async ({ world, pod }) => evictByApi(world, pod),
    codes: ["k8s_pod_evicted", "k8s_pod_deleted"],
  },
  {
    name: "the log rotates",
    env: { CH_LINES: "15", CH_RATE: "10" },
    act: ({ world, pod }) => (pod.name === "" ? undefined : faultsOf(world).rotateLog(pod)),
    codes: [""],
    mayLose: true,
    only: "embedded",
  },
  {
    name: "the token is renewed, the old one refused",
    act({ world }) {
      const account = { serviceAccount: "paperclip", namespace: world.namespace, renew: true };
      (world as EmbeddedWorld).cluster.expireToken(account);
      faultsOf(world).resetStreams();
    },
    codes: [""],
    only: "embedded",
  },
  {
    name: "five logs are refused with 403",
    act({ world }) {
      faultsOf(world).answer({ resource: "pods", subresource: "log" }, { status: 403, times: 5 });
      faultsOf(world).resetStreams({ subresource: "log" });
    },
    codes: [""],
    only: "embedded",
  },
  {
    name: "streams stand still for 300 ms",
    act({ world }) {
      faultsOf(world).holdStreams(true);
      setTimeout(() => void faultsOf(world).holdStreams(false), 300);
    },
    codes: [""],
    only: "embedded",
  },
  {
    name: "watches end",
    act: ({ world }) => void faultsOf(world).endWatches(),
    codes: [""],
    only: "embedded",
  },
  {
    name: "the API is away for 300 ms",
    async act({ world }) {
      const { apiDown, apiUp } = faultsOf(world);
      await apiDown();
      setTimeout(() => void apiUp(), 300);
    },
    codes: [""],
    only: "embedded",
  },
];

/** Not the administrator's own lists, by which the soak counts what is left. */
function ofRuns({ verb, query }: { verb: string; query: URLSearchParams }): boolean {
  return verb !== "list" || !query.get("labelSelector")?.startsWith("app.kubernetes.io/component=agent-job");
}

/** The same numbers for the same seed on every machine (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
