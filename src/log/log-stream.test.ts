import { afterEach, describe, expect, test } from "vitest";
import type { LogResponse } from "../cluster/cluster.ts";
import { LogStream, type StreamEnd } from "./log-stream.ts";

const streams: LogStream[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});

async function refused(answer: { text: string; retryAfterMs?: number }): Promise<StreamEnd> {
  const { text, ...response } = answer;
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
  const body = async function* () {
    yield Buffer.from(text);
  };
  const openLog = async (): Promise<LogResponse> => ({ status: 429, ...response, body: body() });
  expect(await stream.open({ openLog })).toBe(false);
  return stream.end;
}

describe("a stream that is refused says how long the server asks to wait", () => {
  test("by its header, though the body is plain text", async () => {
    expect(await refused({ text: "too many requests", retryAfterMs: 7_000 })).toEqual({
      kind: "failed",
      why: "the log was refused with 429: too many requests",
      retryAfterMs: 7_000,
    });
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
