import { expect, test } from "vitest";
import { recorded } from "../test/fixtures/opencode/recorded.ts";
import { parseStdoutLine } from "./ui-parser.ts";

const ts = "2026-11-23T22:00:00.000Z";
const entriesOf = (name: string) => recorded(name).lines.flatMap((line) => parseStdoutLine(line, ts));

test("an answer is assistant text and the step's usage", () => {
  expect(entriesOf("one-text")).toEqual([
    { kind: "assistant", ts, text: "Hello from the scripted model." },
    {
      kind: "result",
      ts,
      text: "Answer complete",
      inputTokens: 200,
      outputTokens: 34,
      cachedTokens: 1000,
      costUsd: expect.any(Number),
      subtype: "stop",
      isError: false,
      errors: [],
    },
  ]);
});

test("a tool is a call with its real input and a result with its real output", () => {
  const tools = entriesOf("two-steps").filter(({ kind }) => kind.startsWith("tool_"));
  expect(tools).toMatchObject([
    { kind: "tool_call", name: "write", input: { filePath: "/agent/work/note.txt", content: "one\ntwo\n" } },
    { kind: "tool_result", toolName: "write", content: "Wrote file successfully.", isError: false },
    { kind: "tool_call", name: "bash", input: { command: "echo counted" } },
    { kind: "tool_result", toolName: "bash", content: "counted\n", isError: false },
  ]);
  const [call, result] = tools;
  expect(call).toHaveProperty("toolUseId", (result as { toolUseId: string }).toolUseId);
});

test("a failed tool is an error result with its message", () => {
  expect(entriesOf("failed-tool")).toContainEqual(
    expect.objectContaining({ kind: "tool_result", isError: true, content: expect.stringContaining("File not found") }),
  );
});

test("a command that exits with another code than 0 shows the code", () => {
  expect(entriesOf("failed-command")).toContainEqual(
    expect.objectContaining({ kind: "tool_result", isError: true, content: "exit code 3\n\nno\n" }),
  );
});

test("reasoning is thinking", () => {
  expect(entriesOf("reasoning")[0]).toEqual({ kind: "thinking", ts, text: "Six times seven." });
});

test("an error is a failed result with its words and status", () => {
  expect(entriesOf("unauthorized")).toEqual([
    expect.objectContaining({
      kind: "result",
      isError: true,
      errors: ["Incorrect API key provided: sk-test. (HTTP 401)"],
      subtype: "APIError",
    }),
  ]);
});

test("an answer that was cut is an error of its step", () => {
  expect(entriesOf("length-limit").at(-1)).toMatchObject({ isError: true, subtype: "length" });
});

test("the adapter's own lines are status lines", () => {
  expect(parseStdoutLine("[paperclip] Job created", ts)).toEqual([
    { kind: "system", ts, text: "[paperclip] Job created" },
  ]);
});

test.each(["plain text", '{"no":"event"}', "{", '{"type":"later_kind","part":{}}'])("%j stays as it is", (line) =>
  expect(parseStdoutLine(line, ts)).toEqual([{ kind: "stdout", ts, text: line }]),
);

test("an empty line says nothing", () => expect(parseStdoutLine("   ", ts)).toEqual([]));

/** Numbers that look random and are the same in each run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const kinds = ["text", "reasoning", "tool_use", "step_start", "step_finish", "error", "later", ""];

function randomValue(random: () => number, depth: number): unknown {
  const leaves = [null, true, 0, -1.5, Number.MAX_VALUE, "", "text", "\u0000\uD800", "__proto__", [], {}];
  if (depth === 0 || random() < 0.4) return leaves[Math.floor(random() * leaves.length)];
  const keys = [
    "part",
    "state",
    "tokens",
    "cache",
    "error",
    "data",
    "input",
    "output",
    "status",
    "callID",
    "text",
    "time",
  ];
  const value: Record<string, unknown> = {};
  for (const key of keys) if (random() < 0.4) value[key] = randomValue(random, depth - 1);
  return random() < 0.2 ? [value] : value;
}

test("whatever comes is answered with entries that can be posted to the page, never with an exception", () => {
  const random = createRandom(20_261_123);
  for (let index = 0; index < 5_000; index += 1) {
    const value = { ...(randomValue(random, 4) as object), type: kinds[Math.floor(random() * kinds.length)] };
    const json = JSON.stringify(random() < 0.1 ? randomValue(random, 3) : value);
    const line = random() < 0.2 ? json.slice(0, Math.floor(random() * json.length)) : json;
    const entries = parseStdoutLine(line, ts);
    expect(structuredClone(entries)).toEqual(entries);
    for (const entry of entries) expect(entry).toMatchObject({ kind: expect.any(String), ts });
  }
});

test("arguments of other types are survived", () => {
  for (const line of [undefined, null, 7, {}, []]) {
    expect(() => parseStdoutLine(line as unknown as string, ts)).not.toThrow();
  }
});
