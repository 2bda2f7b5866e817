import { expect, test } from "vitest";
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
