import { afterAll, beforeAll, expect, test } from "vitest";
import { carry, countOf } from "../fault-proxy/log-run.ts";
import { type RealStage, realStage } from "../fault-proxy/real-stage.ts";

const limits = { idleMs: 10_000, renewMs: 600_000, firstRetryMs: 50, lastRetryMs: 1_000, wholeFileBytes: -1 };
const exact = { missing: 0, repeated: 0, ordered: true };
const marked = { kind: "marked", exitCode: 0 };

let stage: RealStage;
beforeAll(async () => {
  stage = await realStage("log");
});
afterAll(() => stage?.close());

interface Told {
  env: Record<string, string>;
  /** Each connection is reset after 0.5 to 1.2 times so many bytes: more than a resumed stream repeats, three seconds' worth. */
  resetBytes?: number;
}

async function follow({ env, resetBytes }: Told) {
  stage.proxy.resetAfter(resetBytes ? () => Math.floor(resetBytes * (0.5 + 0.7 * Math.random())) : undefined);
  const before = stage.proxy.connections.total;
  const pod = await stage.chat(env);
  const carried = await carry(stage.proxied, pod, { limits });
  const connections = stage.proxy.connections.total - before;
  await stage.remove(pod);
  stage.proxy.resetAfter(undefined);
  return { ...carried, connections, count: countOf(carried.stdout, Number(env["CH_LINES"])) };
}

/** What a failed expectation needs beside its own figures. */
function story({ end, said, connections }: Awaited<ReturnType<typeof follow>>): string {
  return JSON.stringify({ end, said, connections });
}

test("50,000 lines at full speed", async () => {
  const told = await follow({ env: { CH_LINES: "50000", CH_RATE: "0", CH_ERR: "100" } });
  expect(told.count, story(told)).toEqual(exact);
  expect(told.said).toEqual([]);
  expect(told.end).toEqual(marked);
});

/** 8 MB: over 10 MiB kubelet rotates the file, and may then skip the old one's last record (docs/log.md, limits). */
test("lines of 40 kB written in two halves, stderr between them", async () => {
  const env = { CH_LINES: "200", CH_RATE: "200", CH_SIZE: "40000", CH_TORN: "1", CH_ERR: "1" };
  const told = await follow({ env });
  const { stdout, stderr } = told;
  expect(told.count, story(told)).toEqual(exact);
  expect(
    stdout.filter((line) => line.includes("seq=")).every((line) => line.length > 40_000 && line.endsWith('"}}')),
  ).toBe(true);
  expect(stderr.map((line) => line.trim())).toEqual(Array.from({ length: 200 }, (_, number) => `warn seq=${number}`));
});

test("resets after random bytes, stderr mixed in", async () => {
  const env = { CH_LINES: "6000", CH_RATE: "500", CH_SIZE: "100", CH_ERR: "7" };
  const told = await follow({ env, resetBytes: 900_000 });
  const { stderr, connections, said } = told;
  expect(told.count, story(told)).toEqual(exact);
  expect(stderr.length).toBe(Math.ceil(6_000 / 7));
  expect(new Set(stderr).size).toBe(stderr.length);
  expect(connections).toBeGreaterThan(1);
  // No connection lives long enough to read the whole file once more: that is told, and is no gap.
  expect(said.filter((text) => text.startsWith("lines between"))).toEqual([]);
});

test("resets in the middle of long lines that are written in two halves", async () => {
  const env = { CH_LINES: "120", CH_RATE: "10", CH_SIZE: "40000", CH_TORN: "1", CH_ERR: "3" };
  const told = await follow({ env, resetBytes: 2_600_000 });
  const { stdout, connections } = told;
  expect(told.count, story(told)).toEqual(exact);
  expect(stdout.filter((line) => line.includes("seq=")).every((line) => line.endsWith('"}}'))).toBe(true);
  expect(connections).toBeGreaterThan(1);
});
