import { expect, test } from "vitest";
import { recorded } from "../../test/fixtures/opencode/recorded.ts";
import { createTranscript } from "./transcript.ts";

function transcriptOf(lines: readonly string[]) {
  const transcript = createTranscript();
  for (const line of lines) transcript.add(line);
  return transcript.view();
}

const line = (type: string, part: object) => JSON.stringify({ type, timestamp: 1, sessionID: "ses_1", part });

test("a run of two steps adds up", () => {
  expect(transcriptOf(recorded("two-steps").lines)).toMatchObject({
    summary: "I will write the file.\n\nThe note has two lines.",
    finalText: "The note has two lines.",
    usage: { inputTokens: 240, outputTokens: 40, cachedInputTokens: 0 },
    costUsd: 0.00032,
    errors: [],
    toolErrors: [],
    steps: 2,
    toolCalls: 2,
    lastReason: "stop",
    finishedWell: true,
  });
});

test("a run whose last step did not end with stop, or said nothing in it, has no answer", () => {
  const step = (text: string, reason: string) => [
    line("step_start", {}),
    line("text", { text }),
    line("step_finish", { reason, tokens: {}, cost: 0 }),
  ];
  expect(transcriptOf([...step("Let me look.", "tool-calls"), ...step("Done.", "stop")]).finalText).toBe("Done.");
  expect(transcriptOf([...step("Done.", "stop"), ...step("More", "length")])).not.toHaveProperty("finalText");
  expect(transcriptOf([...step("Let me look.", "tool-calls"), ...step(" ", "stop")])).not.toHaveProperty("finalText");
});

test("cached tokens stand apart from input, reasoning is counted as output", () => {
  expect(transcriptOf(recorded("one-text").lines).usage).toEqual({
    inputTokens: 200,
    outputTokens: 34,
    cachedInputTokens: 1000,
  });
});

test("the session is the one the lines name", () => {
  const { sessionId } = transcriptOf(recorded("resumed").lines);
  expect(recorded("resumed").args).toContain(sessionId);
});

test("a failed tool is kept apart from errors", () => {
  expect(transcriptOf(recorded("failed-tool").lines)).toMatchObject({
    errors: [],
    toolErrors: [{ tool: "read", message: "File not found: /agent/work/missing.txt" }],
    finishedWell: true,
  });
});

test("an error that OpenCode goes on after is kept, and the run finishes well", () => {
  const transcript = transcriptOf(recorded("overflow-recovered").lines);
  expect(transcript.errors).toHaveLength(1);
  expect(transcript).toMatchObject({
    finishedWell: true,
    lastReason: "stop",
    summary: expect.stringContaining("I go on."),
  });
});

test("a run that ends with an error did not finish well", () => {
  expect(transcriptOf(recorded("server-error").lines)).toMatchObject({
    finishedWell: false,
    lastActivity: { what: "error: The server had an error while processing your request." },
  });
});

test("lines that are no events change nothing", () => {
  const { lines } = recorded("one-text");
  const noise = ["", "a word", "{", "[paperclip] starting", "\u0000\uFFFD"];
  expect(transcriptOf(lines.flatMap((each) => [...noise, each]))).toEqual(transcriptOf(lines));
});

test("a long run keeps the end of its text, and says so", () => {
  const transcript = createTranscript();
  for (let index = 0; index < 3_000; index += 1)
    transcript.add(line("text", { text: `${index} ${"x".repeat(1_000)}` }));
  const { summary } = transcript.view();
  expect(summary.length).toBeLessThan(66_000);
  expect(summary.startsWith("[earlier text of this run is left out]")).toBe(true);
  expect(summary).toContain("2999 xxx");
  expect(summary).not.toContain("\n\n0 xxx");
});

test("one text over the limit keeps its end", () => {
  const { summary } = transcriptOf([line("text", { text: `${"a".repeat(1_000_000)}the end` })]);
  expect(summary.length).toBeLessThan(66_000);
  expect(summary.endsWith("the end")).toBe(true);
});

test("of many errors the first ones and the last one are kept, the rest is counted", () => {
  const transcript = createTranscript();
  for (let index = 0; index < 1_000; index += 1) {
    transcript.add(JSON.stringify({ type: "error", error: { data: { message: `error ${index}` } } }));
    transcript.add(line("tool_use", { tool: "bash", state: { status: "error", error: "y".repeat(100_000) } }));
  }
  const view = transcript.view();
  expect(view.errors.map(({ message }) => message)).toEqual([
    ...Array.from({ length: 19 }, (_, index) => `error ${index}`),
    "error 999",
  ]);
  expect(view.errorsDropped).toBe(980);
  expect(view.toolErrors).toHaveLength(20);
  expect(JSON.stringify(view).length).toBeLessThan(120_000);
});

test("a view does not change with what comes after it", () => {
  const transcript = createTranscript();
  const { lines } = recorded("two-steps");
  for (const each of lines.slice(0, 4)) transcript.add(each);
  const early = transcript.view();
  const copy = structuredClone(early);
  for (const each of lines.slice(4)) transcript.add(each);
  expect(early).toEqual(copy);
});

test("the sum of a run's tokens and cost is one that a database holds, and it is told that it was cut", () => {
  const transcript = createTranscript();
  const step = (input: number, cost: number) =>
    transcript.add(JSON.stringify({ type: "step_finish", part: { reason: "stop", tokens: { input }, cost } }));
  step(900_000_000, 9_000);
  expect(transcript.view()).toMatchObject({ clamped: false, costUsd: 9_000, usage: { inputTokens: 900_000_000 } });
  step(900_000_000, 9_000);
  expect(transcript.view()).toMatchObject({ clamped: true, costUsd: 10_000, usage: { inputTokens: 1_000_000_000 } });
  step(-5, -5);
  expect(transcript.view()).toMatchObject({ costUsd: 10_000, usage: { inputTokens: 1_000_000_000 } });
});

test("a negative number takes nothing away and is told", () => {
  const transcript = createTranscript();
  transcript.add('{"type":"step_finish","part":{"reason":"stop","tokens":{"input":5},"cost":1}}');
  transcript.add('{"type":"step_finish","part":{"reason":"stop","tokens":{"input":-3},"cost":-1}}');
  expect(transcript.view()).toMatchObject({ clamped: true, costUsd: 1, usage: { inputTokens: 5 } });
});
