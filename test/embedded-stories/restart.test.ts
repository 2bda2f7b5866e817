import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { RequestMatcher } from "../embedded/faults/fault-rules.ts";
import { type Bench, openBench } from "../stories/bench.ts";
import type { HostPlan } from "../stories/host-process.ts";
import { type Chatter, chatterConfig, expectEnd, leftOf, pause } from "../stories/stage.ts";

let bench: Bench;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  bench = await openBench();
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await bench.reset();
});
afterAll(() => bench.stop());

const folder = new URL(".", import.meta.url);
const program = fileURLToPath(new URL("../stories/host-process.ts", folder));
const rawText = new URL("../../scripts/raw-text.ts", folder).href;

interface Host {
  readonly text: string;
  /** Ends the process as the kernel does when a node is lost: no handler runs. */
  kill(): void;
  saw(text: string): Promise<void>;
  readonly ended: Promise<void>;
}

type Wakes = { runId?: string; agentId: string; chatter: Chatter; config?: Record<string, unknown> }[];

async function startHost(wakes: Wakes): Promise<Host> {
  const { world } = bench;
  const plan: HostPlan = {
    kubeconfig: await world.kubeconfig("paperclip"),
    serviceAccountDir: world.cluster.serviceAccountDir({ serviceAccount: "paperclip", namespace: world.namespace }),
    env: { HOSTNAME: "paperclip-0", ...world.cluster.serviceEnv },
    wakes: wakes.map(({ agentId, chatter, config, runId = `run-of-${agentId}` }) => ({
      runId,
      agentId,
      config: chatterConfig(world, chatter, config),
    })),
  };
  const child = spawn(process.execPath, ["--import", rawText, program], {
    env: { PATH: process.env["PATH"], HOST_PROCESS: JSON.stringify(plan) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(child);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    get text() {
      return text;
    },
    kill: () => child.kill("SIGKILL"),
    ended,
    async saw(wanted) {
      while (!text.includes(wanted)) {
        if (child.exitCode !== null) throw new Error(`the process ended before "${wanted}":\n${text}`);
        await pause(10);
      }
    },
  };
}

const group = "Paperclip is killed";

function isOf(labels: Record<string, string> | undefined, agentId: string): boolean {
  return labels?.["paperclip.io/agent-id"] === agentId;
}

/** The process is killed in the moment in which this request arrives; `done` tells whether the request is carried out. */
function killAt(host: () => Host | undefined, matcher: RequestMatcher, done: boolean): { readonly hits: number } {
  const rule = bench.faults.on(
    {
      ...matcher,
      where: () => {
        host()?.kill();
        return true;
      },
    },
    done ? { kind: "lose-answer" } : { kind: "reset" },
    1,
  );
  return rule;
}

describe("a kill of Paperclip's process", () => {
  const quick: Chatter = { lines: 8, rate: 40 };
  const steps: { step: string; matcher: RequestMatcher; done: boolean; jobs: number }[] = [
    { step: "before the Job is created", matcher: { verb: "create", resource: "jobs" }, done: false, jobs: 1 },
    { step: "as the Job was created", matcher: { verb: "create", resource: "jobs" }, done: true, jobs: 2 },
    { step: "before the Secret is created", matcher: { verb: "create", resource: "secrets" }, done: false, jobs: 2 },
    { step: "as the Secret was created", matcher: { verb: "create", resource: "secrets" }, done: true, jobs: 2 },
    { step: "before the Job is resumed", matcher: { verb: "patch", resource: "jobs" }, done: false, jobs: 2 },
    { step: "as the Job was resumed", matcher: { verb: "patch", resource: "jobs" }, done: true, jobs: 2 },
    { step: "before the Job is deleted", matcher: { verb: "delete", resource: "jobs" }, done: false, jobs: 2 },
  ];

  test.each(steps)("$step: the next run goes on, with one Job at a time and nothing left", async (given) => {
    const agentId = `kill${steps.indexOf(given)}`;
    let host: Host | undefined;
    const rule = killAt(() => host, given.matcher, given.done);
    const config = { ttlSecondsAfterFinished: 1 };
    host = await startHost([{ agentId, chatter: quick, config }]);
    await host.ended;
    expect(rule.hits).toBe(1);
    const next = bench.start({ agentId, chatter: quick, config });
    await expectEnd(bench.world, next, { group, fault: `${given.step}; the next run`, code: "", numbers: 8 });
    expect(bench.jobsMade(agentId)).toBe(given.jobs);
    expect(bench.mostAtOnce(agentId)).toBe(1);
  });

  test("in the middle of the stream, with reattachOrphanedJobs: the whole output stands in the new run", async () => {
    const agentId = "kill-reattach";
    const chatter: Chatter = { lines: 60, rate: 25 };
    const config = { reattachOrphanedJobs: true };
    const host = await startHost([{ agentId, chatter, config }]);
    await host.saw("seq=5 ");
    host.kill();
    await host.ended;
    const next = bench.start({ agentId, chatter, config });
    const fault = "mid-stream, reattachOrphanedJobs; the next run";
    const { said } = await expectEnd(bench.world, next, { group, fault, code: "", numbers: 60 });
    expect(said.join("\n")).toContain("taking over Job");
    expect(bench.jobsMade(agentId)).toBe(1);
  });

  test("a comment was swallowed by the Job that was taken over: a Job of the run's own follows, in the same run", async () => {
    const agentId = "kill-comment";
    const chatter: Chatter = { lines: 30, rate: 25 };
    const config = { reattachOrphanedJobs: true };
    const host = await startHost([{ agentId, chatter, config }]);
    await host.saw("seq=5 ");
    host.kill();
    await host.ended;
    const next = bench.start({ agentId, chatter, config, context: { wakeCommentId: "c2" } });
    const { result, said } = await next.done;
    expect(result).toMatchObject({ exitCode: 0, errorMessage: null });
    expect(said.join("\n")).toMatch(/taking over Job .*newest comment.*started Job/s);
    expect(bench.jobsMade(agentId)).toBe(2);
    expect(bench.mostAtOnce(agentId)).toBe(1);
    expect(await leftOf(bench.world, agentId)).toEqual([]);
  });

  test("in the middle of the stream, without it: the next run waits for the orphan and then works itself", async () => {
    const agentId = "kill-wait";
    const config = { ttlSecondsAfterFinished: 1 };
    const host = await startHost([{ agentId, chatter: { lines: 50, rate: 25 }, config }]);
    await host.saw("seq=5 ");
    host.kill();
    await host.ended;
    const next = bench.start({ agentId, chatter: quick, config });
    const fault = "mid-stream; the next run";
    const { said } = await expectEnd(bench.world, next, { group, fault, code: "", numbers: 8 });
    expect(said.join("\n")).toContain("waiting for Job");
    expect(bench.jobsMade(agentId)).toBe(2);
    expect(bench.mostAtOnce(agentId)).toBe(1);
  });

  test("before the Job is resumed, and the agent is never woken again: another agent's run removes what is left", async () => {
    const agentId = "kill-for-ever";
    let host: Host | undefined;
    killAt(() => host, { verb: "patch", resource: "jobs" }, false);
    host = await startHost([{ agentId, chatter: quick }]);
    await host.ended;
    await pause(1_100);
    const other = bench.start({ agentId: "another", chatter: quick, limits: { suspendedForeignMs: 0 } });
    expect((await other.done).result.errorMessage).toBeNull();
    expect(await leftOf(bench.world, agentId)).toEqual([]);
  });

  /** The agent has ended, its last lines were not read, and the process is killed. */
  async function killInDrain(agentId: string, config: Record<string, unknown>): Promise<void> {
    const host = await startHost([{ agentId, chatter: { lines: 30, rate: 30 }, config }]);
    await host.saw("seq=5 ");
    bench.faults.holdStreams(true, { subresource: "log" });
    const ended = () =>
      bench.world.cluster
        .objects("pods", bench.world.namespace)
        .some(({ status, metadata }) => status.phase === "Succeeded" && isOf(metadata.labels, agentId));
    while (!ended()) await pause(10);
    host.kill();
    await host.ended;
    bench.faults.holdStreams(false, { subresource: "log" });
    // Of a finished Job the cluster tells the second.
    await pause(1_100);
  }

  test("in the drain, with reattachOrphanedJobs: the whole output stands in the new run", async () => {
    const agentId = "kill-drain-reattach";
    const config = { reattachOrphanedJobs: true };
    await killInDrain(agentId, config);
    const next = bench.start({ agentId, chatter: quick, config, limits: { unreportedAfterMs: 0 } });
    const fault = "in the drain, reattachOrphanedJobs; the next run";
    const { said } = await expectEnd(bench.world, next, { group, fault, code: "", numbers: 30 });
    expect(said.join()).toContain("has done its work meanwhile");
    expect(bench.jobsMade(agentId)).toBe(1);
  });

  test("in the drain, without it: the next run is held up by nothing", async () => {
    const agentId = "kill-drain";
    const config = { ttlSecondsAfterFinished: 1 };
    await killInDrain(agentId, config);
    const next = bench.start({ agentId, chatter: quick, config });
    await expectEnd(bench.world, next, { group, fault: "in the drain; the next run", code: "", numbers: 8 });
    expect(bench.mostAtOnce(agentId)).toBe(1);
  });

  test.each([
    { step: "as the Job was resumed", matcher: { verb: "patch", resource: "jobs" }, done: true },
    { step: "before the Job is deleted", matcher: { verb: "delete", resource: "jobs" }, done: false },
  ])("$step, with reattachOrphanedJobs: its Job is the new run's", async ({ step, matcher, done }) => {
    const agentId = `kill-reattach-${matcher.verb}`;
    let host: Host | undefined;
    killAt(() => host, matcher, done);
    const config = { reattachOrphanedJobs: true };
    host = await startHost([{ agentId, chatter: { lines: 8, rate: 20 }, config }]);
    await host.ended;
    await pause(1_100);
    const next = bench.start({ agentId, chatter: quick, config, limits: { unreportedAfterMs: 0 } });
    const fault = `${step}, reattachOrphanedJobs; the next run`;
    await expectEnd(bench.world, next, { group, fault, code: "", numbers: 8 });
    expect(bench.jobsMade(agentId)).toBe(1);
  });

  test("while its pod waits for a node: the orphan that nobody waits for goes with the next run", async () => {
    const agentId = "kill-pending";
    const host = await startHost([{ agentId, chatter: quick, config: { nodeSelector: "disk=none" } }]);
    await host.saw("started Job");
    await pause(100);
    host.kill();
    await host.ended;
    const next = bench.start({ agentId, chatter: quick, limits: { pendingMs: 500, pendingGraceMs: 500 } });
    await expectEnd(bench.world, next, {
      group,
      fault: "while the pod waits for a node; the next run",
      code: "",
      numbers: 8,
    });
    expect(bench.mostAtOnce(agentId)).toBe(1);
  });
});

describe("two processes of Paperclip", () => {
  test("that wake one agent at the same moment, again and again, never have two of its Jobs at once", async () => {
    const agents = ["race-a", "race-b", "race-c"];
    const rounds = 2;
    const wakes = (side: string): Wakes =>
      Array.from({ length: rounds }, (_, round) =>
        agents.map((agentId) => ({ agentId, runId: `${side}-${round}`, chatter: { lines: 2, rate: 50 } })),
      ).flat();
    const hosts = await Promise.all([startHost(wakes("left")), startHost(wakes("right"))]);
    await Promise.all(hosts.map(({ ended }) => ended));
    for (const { text } of hosts) {
      const results = text.split("\n").filter((line) => line.startsWith("RESULT "));
      expect(results).toHaveLength(rounds * agents.length);
      for (const line of results) expect(JSON.parse(line.slice(7))).toMatchObject({ exitCode: 0, errorMessage: null });
    }
    for (const agentId of agents) {
      expect(bench.mostAtOnce(agentId)).toBe(1);
      expect(await leftOf(bench.world, agentId)).toEqual([]);
    }
  });

  test("that are given the same run: one Job, one result, told by both", async () => {
    const agentId = "twice";
    const wake = { agentId, runId: "the-same-run", chatter: { lines: 60, rate: 20 } };
    const hosts = await Promise.all([startHost([wake]), startHost([wake])]);
    await Promise.all(hosts.map(({ ended }) => ended));
    for (const { text } of hosts) {
      expect(text).toContain('"exitCode":0');
      expect(text.match(/"seq=59 /g)).toHaveLength(1);
    }
    expect(bench.mostAtOnce(agentId)).toBe(1);
    expect(await leftOf(bench.world, agentId)).toEqual([]);
  });
});
