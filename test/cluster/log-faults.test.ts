import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { carry, countOf } from "../fault-proxy/log-run.ts";
import { type RealStage, realStage } from "../fault-proxy/real-stage.ts";

/** The test cluster's own scripts; this suite breaks the cluster for everybody and runs alone. */
const scripts = process.env["CLUSTER_SCRIPTS"] ?? fileURLToPath(new URL("../../../shared/cluster", import.meta.url));
const run = promisify(execFile);
const limits = { idleMs: 20_000, renewMs: 600_000, firstRetryMs: 100, lastRetryMs: 2_000, wholeFileBytes: 65_536 };
const exact = { missing: 0, repeated: 0, ordered: true };

let stage: RealStage;
beforeAll(async () => {
  stage = await realStage("log-faults");
});
afterAll(() => stage?.close());
/** Whatever a test left broken; each of these does nothing where nothing is broken. */
afterEach(async () => {
  for (const undo of ["api-up", "kubelet-up", "blackhole-off"]) await fault(undo).catch(() => undefined);
  stage.proxy.blackHole(false);
  stage.proxy.refuse(false);
}, 120_000);

async function fault(name: string): Promise<void> {
  await run("bash", [join(scripts, "fault.sh"), name], { timeout: 120_000 });
}

const seconds = (count: number) => new Promise<void>((resolve) => setTimeout(resolve, count * 1_000));

interface Told {
  env: Record<string, string>;
  /** Begins two seconds after the container runs. */
  act(): Promise<void>;
  idleMs?: number;
}

async function follow({ env, act, idleMs = limits.idleMs }: Told) {
  const pod = await stage.chat(env);
  const acting = seconds(2).then(act);
  // A fault that cannot be made must fail the test, not the process.
  acting.catch(() => undefined);
  const carried = await carry(stage.proxied, pod, { limits: { ...limits, idleMs } });
  await acting;
  await stage.remove(pod);
  return { ...carried, count: countOf(carried.stdout, Number(env["CH_LINES"])) };
}

/** 40 s of output beside a fault. */
const steady = { CH_LINES: "2000", CH_RATE: "50", CH_ERR: "10" };
const marked = { kind: "marked", exitCode: 0 };

describe("a log while the cluster is broken", () => {
  test("API server killed and back", async () => {
    const { count, end, stderr } = await follow({ env: steady, act: () => fault("api-restart") });
    expect(count).toEqual(exact);
    expect(stderr.length).toBe(200);
    expect(end).toEqual(marked);
  });

  test("API server away for 60 s", async () => {
    const act = async () => {
      await fault("api-down");
      try {
        await seconds(60);
      } finally {
        await fault("api-up");
      }
    };
    const { count, said, end } = await follow({ env: { CH_LINES: "4500", CH_RATE: "50" }, act });
    expect(count).toEqual(exact);
    expect(said.some((text) => text.includes("is lost"))).toBe(true);
    expect(end).toEqual(marked);
  });

  test("a black hole between adapter and API server for 60 s", async () => {
    const act = async () => {
      stage.proxy.blackHole(true);
      await seconds(60);
      stage.proxy.blackHole(false);
      // What was in the air for a minute is answered by nobody: peers have given these connections up.
      stage.proxy.resetAll();
    };
    const { count, end } = await follow({ env: { CH_LINES: "4500", CH_RATE: "50" }, act });
    expect(count).toEqual(exact);
    expect(end).toEqual(marked);
  });

  test("kubelet restarted: a clean end while the container runs", async () => {
    const { count, end } = await follow({ env: steady, act: () => fault("kubelet-restart") });
    expect(count).toEqual(exact);
    expect(end).toEqual(marked);
  });

  test("containerd restarted", async () => {
    const { stdout, end, said } = await follow({ env: steady, act: () => fault("containerd-restart") });
    const { missing, repeated } = countOf(stdout, 2_000);
    expect({ missing, repeated }, said.join("\n")).toEqual({ missing: 0, repeated: 0 });
    expect(end).toEqual(marked);
  });

  test("six minutes of silence", async () => {
    const env = { CH_LINES: "100", CH_RATE: "50", CH_SILENCE: "360", OPENCODE_K8S_BEAT_SEC: "60" };
    const { count, said, end } = await follow({ env, act: async () => undefined, idleMs: 150_000 });
    expect(count).toEqual(exact);
    expect(said).toEqual([]);
    expect(end).toEqual(marked);
  });
});

describe("a log that rotates early (a cluster made with LOG_MAX_SIZE=1Mi)", () => {
  test("the cluster is made so", () => {
    const file = join(process.env["CLUSTER_DIR"] ?? "/tmp/cluster", "kubelet.yaml");
    expect(readFileSync(file, "utf8")).toContain("containerLogMaxSize: 1Mi");
  });

  const flood = { CH_LINES: "60000", CH_RATE: "3000", CH_SIZE: "380" };

  test("live, 60,000 lines of 500 bytes", async () => {
    const { count, said, end } = await follow({ env: flood, act: async () => undefined });
    expect(count, said.join("\n")).toEqual(exact);
    expect(end).toEqual(marked);
  });

  test("away while it rotates: a gap is said that covers what is missing", async () => {
    const act = async () => {
      stage.proxy.refuse(true);
      stage.proxy.resetAll();
      await seconds(12);
      stage.proxy.refuse(false);
    };
    const { stdout, said, end } = await follow({ env: { ...flood, CH_RATE: "2000" }, act });
    const { repeated, ordered } = countOf(stdout, 60_000);
    const holes = holesIn(stdout);
    const gaps = gapsIn(said);
    expect({ repeated, ordered }).toEqual({ repeated: 0, ordered: true });
    expect(holes.length, "12 s of 1 MB/s are more than 1 MiB").toBeGreaterThan(0);
    // The runtime stamps a line a moment after its own time: each gap ends where its hole does.
    const apart = holes.map(({ afterMs, beforeMs }, index) =>
      Math.max(Math.abs((gaps[index]?.afterMs ?? 0) - afterMs), Math.abs((gaps[index]?.beforeMs ?? 0) - beforeMs)),
    );
    expect({ gaps: gaps.length, holes: holes.length }, said.join("\n")).toEqual({
      gaps: holes.length,
      holes: holes.length,
    });
    expect(Math.max(...apart), JSON.stringify({ holes, gaps })).toBeLessThan(1_000);
    expect(end).toEqual(marked);
  });
});

interface Range {
  afterMs: number;
  beforeMs: number;
}

/** Where numbers are missing: the times of the lines before and after, as chatter wrote them. */
function holesIn(lines: readonly string[]): Range[] {
  const told = lines.flatMap((line) =>
    [...line.matchAll(/seq=(\d+) t=(\d+)/g)].map(([, number, nanos]) => ({
      number: Number(number),
      ms: Number(nanos) / 1e6,
    })),
  );
  return told.flatMap(({ number, ms }, index): Range[] => {
    const before = told[index - 1] ?? { number: -1, ms };
    return number > before.number + 1 ? [{ afterMs: before.ms, beforeMs: ms }] : [];
  });
}

/** The ranges that the run's log says may be missing. */
function gapsIn(said: readonly string[]): Range[] {
  return said.flatMap((text): Range[] => {
    const [, after = "", before = ""] = /^lines between (\S+) and (\S+) may be missing/.exec(text) ?? [];
    return after === "" ? [] : [{ afterMs: Date.parse(after), beforeMs: Date.parse(before) }];
  });
}
