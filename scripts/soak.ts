import { parseArgs } from "node:util";
import { shortLimits } from "../test/stories/short-limits.ts";
import { judge, numbersOf } from "../test/stories/table.ts";
import { type EmbeddedWorld, embeddedWorld } from "../test/world/embedded-world.ts";
import { realWorld } from "../test/world/real-world.ts";
import { leftBehind, type Woken, type World, wake } from "../test/world/world.ts";
import { createRandom, type Disturbance, disturbances } from "./soak/disturb.ts";
import { grows, leaks, measure } from "./soak/measure.ts";

/** Many runs with faults at random: every end right, nothing left in the cluster or in this process, flat memory. */
const { values } = parseArgs({
  options: {
    runs: { type: "string" },
    seed: { type: "string" },
    agents: { type: "string", default: "10" },
    kubeconfig: { type: "string" },
  },
});
const runs = Number(values.runs ?? (values.kubeconfig ? 200 : 1_000));
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const random = createRandom(seed);
console.log(`${runs} runs, seed ${seed}`);

if (values.kubeconfig) process.env["KUBECONFIG"] = values.kubeconfig;
const standIn = new URL("../test/stories/agent", import.meta.url).pathname;
const world: World = values.kubeconfig
  ? await realWorld({ namespace: "soak", volume: "db4" })
  : await embeddedWorld({ path: [standIn] });
await untilHostRuns(world);
const limits = { ...shortLimits(world.kind), guardMs: 20_000, pendingMs: 60_000 };
const warnings: string[] = [];
const adapter = world.adapter({ limits, warn: (message) => warnings.push(message) });
const possible = disturbances.filter(({ only }) => only === undefined || only === world.kind);
const problems: string[] = [];
const heaps: number[] = [];

await run("warm", possible[0] as Disturbance);
const base = await measure();
let next = 0;
let done = 0;
await Promise.all(Array.from({ length: Number(values.agents) }, (_, agent) => work(`agent-${agent}`)));
const left = await leftBehind(world, { withinMs: 30_000 });
if (left.length > 0) problems.push(`left in the cluster: ${left.join(", ")}`);
problems.push(...(await leaksThatStay()));
if (grows(heaps)) problems.push(`memory grows: ${heaps.join(" ")} MiB`);
await adapter.close();
await world.stop();
for (const problem of [
  ...problems,
  ...[...new Set(warnings)].slice(0, 5).map((warning) => `told the operator: ${warning}`),
])
  console.log(problem);
console.log(
  problems.length === 0 ? `all ${runs} ends right, nothing left` : `${problems.length} problems, seed ${seed}`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
// Fires only when something keeps the process alive.
setTimeout(() => {
  console.log(`the process does not end: ${process.getActiveResourcesInfo().join(", ")}`);
  process.exit(1);
}, 10_000).unref();

/** Idle connections are kept for a while, by the embedded server for 90 s. */
async function leaksThatStay(): Promise<string[]> {
  const untilMs = Date.now() + 100_000;
  for (;;) {
    const found = leaks(base, await measure());
    if (found.length === 0 || Date.now() > untilMs) return found;
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}

async function work(agentId: string): Promise<void> {
  while (next++ < runs) {
    const disturbance = possible[Math.floor(random() * possible.length)] as Disturbance;
    await run(agentId, disturbance);
    done++;
    if (done % Math.max(1, Math.floor(runs / 20)) === 0) {
      // The embedded cluster keeps every call for its tests.
      if ("cluster" in world) (world as EmbeddedWorld).cluster.calls.length = 0;
      const { heapMiB, files } = await measure();
      heaps.push(heapMiB);
      console.log(`${done} runs, ${heapMiB} MiB, ${files} files, ${problems.length} problems`);
    }
  }
}

async function run(agentId: string, disturbance: Disturbance): Promise<void> {
  const cancelling = new AbortController();
  let acted = false;
  const acts: Promise<void>[] = [];
  const woken = await wake(world, adapter, {
    agentId,
    signal: cancelling.signal,
    config: {
      graceSec: 1,
      // The embedded controller keeps a timer for as long.
      ttlSecondsAfterFinished: 20,
      ...(world.kind === "real" ? { image: "docker.io/local/chatter:1", imagePullPolicy: "IfNotPresent" } : {}),
      env: { CH_LINES: "15", CH_RATE: "40", ...disturbance.env },
      ...disturbance.config,
    },
    onLog: async (_, chunk) => {
      if (acted || !chunk.includes('"seq=2 ')) return;
      acted = true;
      acts.push(act(agentId, disturbance, cancelling));
    },
  });
  await Promise.all(acts);
  for (const what of wrong(disturbance, woken)) {
    const problem = `${disturbance.name}: ${what}`;
    problems.push(problem);
    console.log(`${problem}\n  ${woken.said.join("\n  ")}`);
  }
}

async function act(agentId: string, disturbance: Disturbance, cancelling: AbortController): Promise<void> {
  if (!disturbance.act) return;
  const options = { labelSelector: `paperclip.io/agent-id=${agentId}`, signal: new AbortController().signal };
  const [pods, jobs] = await Promise.all([
    world.admin.list("pods", world.namespace, options),
    world.admin.list("jobs", world.namespace, options),
  ]);
  const newest = (names: (string | undefined)[]) => ({ namespace: world.namespace, name: names.at(-1) ?? "" });
  const live = pods.items.filter(({ status, metadata }) => status?.phase === "Running" && !metadata?.deletionTimestamp);
  await disturbance.act({
    world,
    pod: newest(live.map(({ metadata }) => metadata?.name)),
    job: newest(live.map(({ metadata }) => metadata?.labels?.["job-name"]).concat(jobs.items.length === 0 ? [""] : [])),
    cancel: () => cancelling.abort(new Error("stopped by the user")),
  });
}

function wrong({ codes, mayLose }: Disturbance, woken: Woken): string[] {
  const code = woken.result.errorCode ?? "";
  const { lost, repeated, ordered } = judge(numbersOf(woken));
  const missing = 15 - numbersOf(woken).length;
  // A file that is rotated while a connection is down takes lines away, which must be said.
  const told = mayLose === true && woken.said.some((text) => text.includes("may be missing"));
  return [
    ...(codes.includes(code) ? [] : [`ended with "${code}": ${woken.result.errorMessage}`]),
    ...(code === "" && missing > 0 && !told ? [`${missing} of 15 lines missing in silence`] : []),
    ...(lost > 0 && !told ? [`${lost} lines lost in silence`] : []),
    ...(repeated > 0 ? [`${repeated} lines repeated`] : []),
    ...(ordered ? [] : ["lines out of order"]),
  ];
}

async function untilHostRuns({ admin, namespace }: World): Promise<void> {
  const { signal } = new AbortController();
  while ((await admin.read("pods", { namespace, name: "paperclip-0" }, { signal }))?.status?.phase !== "Running")
    await new Promise((resolve) => setTimeout(resolve, 200));
}
