import { describe, expect, test } from "vitest";
import { recorded, recordedNames } from "../../test/fixtures/opencode/recorded.ts";
import { parseEvent } from "./event.ts";

const kindsOf = (name: string) => recorded(name).lines.map((line) => parseEvent(line)?.kind);

test("an answer in text is a step with one text", () => {
  expect(kindsOf("one-text")).toEqual(["step-start", "text", "step-finish"]);
});

test("a tool comes with its input, its output and how long it took", () => {
  const tools = recorded("two-steps")
    .lines.map((line) => parseEvent(line))
    .filter((event) => event?.kind === "tool");
  expect(tools).toMatchObject([
    { tool: "write", failed: false, input: { filePath: "/agent/work/note.txt", content: "one\ntwo\n" } },
    { tool: "bash", failed: false, input: { command: "echo counted" }, output: "counted\n", exitCode: 0 },
  ]);
  expect(tools[1]).toHaveProperty("durationMs", expect.any(Number));
});

test("a failed tool has its error as output", () => {
  const tool = recorded("failed-tool")
    .lines.map((line) => parseEvent(line))
    .find((event) => event?.kind === "tool");
  expect(tool).toMatchObject({ tool: "read", failed: true, output: expect.stringContaining("File not found") });
});

test("a step tells its tokens apart", () => {
  const step = recorded("one-text")
    .lines.map((line) => parseEvent(line))
    .find((event) => event?.kind === "step-finish");
  expect(step).toMatchObject({
    reason: "stop",
    tokens: { input: 200, output: 30, reasoning: 4, cacheRead: 1000, cacheWrite: 0 },
  });
});

test("reasoning comes before the answer", () => {
  expect(kindsOf("reasoning")).toEqual(["step-start", "reasoning", "text", "step-finish"]);
});

test("a provider's refusal keeps status, code, body and the time to wait", () => {
  const event = parseEvent(recorded("rate-limited").lines[0] ?? "");
  expect(event).toMatchObject({
    kind: "error",
    error: {
      name: "APIError",
      message: "Rate limit reached for requests.",
      statusCode: 429,
      isRetryable: true,
      providerCode: "rate_limit_exceeded",
      retryAfterMs: 1_000,
    },
  });
});

test("every line of every recording is an event of a known kind with a session and a time", () => {
  const events = recordedNames.flatMap((name) => recorded(name).lines.map((line) => parseEvent(line)));
  expect(events.length).toBeGreaterThan(50);
  for (const event of events) {
    expect(event?.kind).not.toBe("other");
    expect(event).toMatchObject({ sessionId: expect.stringMatching(/^ses_/), timestamp: expect.any(Number) });
  }
});

test("an event of an unknown kind survives", () => {
  expect(parseEvent('{"type":"file_changed","sessionID":"ses_1","timestamp":5}')).toEqual({
    kind: "other",
    type: "file_changed",
    sessionId: "ses_1",
    timestamp: 5,
  });
});

test.each([
  "",
  "  ",
  "hello",
  "[1]",
  "null",
  "{",
  '{"a":1}',
  '{"type":7}',
  '{"type":""}',
  "{not json}",
  "[paperclip] x",
])("%j is no event", (line) => expect(parseEvent(line)).toBeUndefined());

test("known kinds without their parts are read as empty ones", () => {
  expect(parseEvent('{"type":"text"}')).toEqual({ kind: "text", text: "" });
  expect(parseEvent('{"type":"tool_use","part":null}')).toEqual({
    kind: "tool",
    tool: "tool",
    callId: "tool",
    failed: false,
    input: {},
    output: "",
  });
  expect(parseEvent('{"type":"step_finish","part":{"tokens":"none","cost":"1"}}')).toMatchObject({ costUsd: 0 });
  expect(parseEvent('{"type":"error"}')).toMatchObject({ error: { message: "unknown error" } });
  expect(parseEvent('{"type":"error","error":"out of luck"}')).toMatchObject({ error: { message: "out of luck" } });
  expect(parseEvent('{"type":"error","error":{"name":"X"}}')).toMatchObject({ error: { name: "X", message: "X" } });
  expect(parseEvent('{"type":"error","error":{}}')).toMatchObject({ error: { message: "{}" } });
});

describe("an event that an agent made up", () => {
  const line = (event: unknown) => JSON.stringify(event);

  test.each([
    [{ input: -1, output: Number.MAX_VALUE, reasoning: "x", cache: { read: 1e300, write: null } }, 1e300],
    [{ input: 2 ** 31, output: -0.5, reasoning: 0, cache: { read: 1e10, write: -1e300 } }, -3],
  ])("has tokens and cost that a database holds: %j", (tokens, cost) => {
    const event = parseEvent(line({ type: "step_finish", part: { reason: "stop", tokens, cost } }));
    if (event?.kind !== "step-finish") throw new Error("no step");
    for (const amount of [...Object.values(event.tokens), event.costUsd]) {
      expect(amount).toBeGreaterThanOrEqual(0);
      expect(amount).toBeLessThanOrEqual(1e9);
    }
    expect(event.clamped).toBe(true);
  });

  test("a number beyond all numbers is one too", () => {
    const event = parseEvent('{"type":"step_finish","part":{"cost":1e999,"tokens":{"input":-1e999}}}');
    expect(event).toMatchObject({ costUsd: 10_000, tokens: { input: 0 }, clamped: true });
  });

  test("usual numbers are as they are", () => {
    const tokens = { input: 120, output: 20, reasoning: 3, cache: { read: 1_000_000, write: 0 } };
    const event = parseEvent(line({ type: "step_finish", part: { reason: "stop", tokens, cost: 0.00016 } }));
    expect(event).toMatchObject({ clamped: false, costUsd: 0.00016, tokens: { input: 120, cacheRead: 1_000_000 } });
  });

  test.each(["x", "--help", "ses_", "ses_a b", "ses_a/../b", "ses_\0", `ses_${"a".repeat(200)}`, "\u001b[2J"])(
    "names no session: %j",
    (sessionID) =>
      expect(parseEvent(line({ type: "text", sessionID, part: { text: "" } }))).not.toHaveProperty("sessionId"),
  );

  test("has names, titles, codes and reasons of bounded length", () => {
    const long = "x".repeat(100_000);
    const state = { status: "completed", title: long, metadata: { exit: 1e300 }, time: { start: 5, end: 1 } };
    const tool = parseEvent(line({ type: "tool_use", timestamp: 1e300, part: { tool: long, callID: long, state } }));
    expect(line(tool).length).toBeLessThan(2_000);
    expect(tool).not.toHaveProperty("exitCode");
    expect(tool).not.toHaveProperty("timestamp");
    const data = {
      message: long,
      ref: long,
      statusCode: 1e9,
      responseBody: long,
      responseHeaders: { "retry-after": "1e999" },
    };
    const error = parseEvent(line({ type: "error", error: { name: long, data } }));
    expect(line(error).length).toBeLessThan(10_000);
    expect(error).not.toHaveProperty("error.statusCode");
    expect(error).not.toHaveProperty("error.retryAfterMs");
    expect(line(parseEvent(line({ type: "step_finish", part: { reason: long } }))).length).toBeLessThan(1_000);
    expect(line(parseEvent(line({ type: long }))).length).toBeLessThan(1_000);
  });

  test("has an input that can be written as JSON again, however deep it was", () => {
    for (const levels of [5_000, 100_000]) {
      const deep = `${"[".repeat(levels)}${"]".repeat(levels)}`;
      const tool = parseEvent(`{"type":"tool_use","part":{"state":{"input":${deep}}}}`);
      expect(() => line(tool)).not.toThrow();
      const error = parseEvent(`{"type":"error","error":{"data":${deep}}}`);
      expect(error).toMatchObject({ kind: "error" });
    }
  });
});
