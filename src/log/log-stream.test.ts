import { afterEach, describe, expect, test } from "vitest";
import type { LogResponse } from "../cluster/cluster.ts";
import { errorFrom } from "../cluster/refusal.ts";
import { LogStream, type StreamEnd } from "./log-stream.ts";

const streams: LogStream[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});

async function refused(answer: { text: string; retryAfterSec?: string }): Promise<StreamEnd> {
  const { text, retryAfterSec } = answer;
  const { signal } = new AbortController();
  const pod = { namespace: "agents", name: "pod-1" };
  const stream = new LogStream({
    pod,
    container: "opencode",
    follow: true,
    sinceTime: undefined,
    idleMs: 5_000,
    signal,
  });
  streams.push(stream);
  const openLog = async (): Promise<LogResponse> => ({ refused: errorFrom(429, retryAfterSec, text) });
  expect(await stream.open({ openLog })).toBe(false);
  return stream.end;
}

describe("a stream that is refused says how long the server asks to wait", () => {
  test("by its header, though the body is plain text", async () => {
    const end = await refused({ text: "too many requests", retryAfterSec: "7" });
    expect(end).toMatchObject({ kind: "failed", why: "the log was refused with 429: too many requests" });
    const retryAfterMs = "retryAfterMs" in end ? end.retryAfterMs : undefined;
    expect(retryAfterMs).toBeGreaterThanOrEqual(7_000);
    expect(retryAfterMs).toBeLessThanOrEqual(8_750);
  });

  test.each([
    [2, 2_000],
    [86_400, 60_000],
  ])("by its Status, which asks for %i s: a minute at most, with a little more", async (retryAfterSeconds, leastMs) => {
    const text = JSON.stringify({ kind: "Status", message: "too many requests", details: { retryAfterSeconds } });
    const end = await refused({ text });
    const retryAfterMs = "retryAfterMs" in end ? end.retryAfterMs : undefined;
    expect(retryAfterMs).toBeGreaterThanOrEqual(leastMs);
    expect(retryAfterMs).toBeLessThanOrEqual(leastMs * 1.25);
  });

  test("or nothing about it", async () => {
    expect(await refused({ text: "too many requests" })).not.toHaveProperty("retryAfterMs");
  });
});
