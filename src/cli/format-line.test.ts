import { expect, test } from "vitest";
import { recorded } from "../../test/fixtures/opencode/recorded.ts";
import { visibleText } from "../lib/visible-text.ts";
import { createCliAdapter } from "./cli-adapter.ts";
import { formatLine } from "./format-line.ts";

const formatted = (name: string, debug = false) => recorded(name).lines.flatMap((line) => formatLine(line, debug));

test("a run reads as text, tools and usage", () => {
  expect(formatted("two-steps").map(({ tone, text }) => `${tone}: ${text}`)).toEqual([
    "assistant: I will write the file.",
    "tool: write: /agent/work/note.txt",
    "quiet: Wrote file successfully.",
    "tool: bash: echo counted",
    "quiet: counted",
    "status: step ended: tool-calls (120 in, 20 out, 0 cached, $0.000160)",
    "assistant: The note has two lines.",
    "status: step ended: stop (120 in, 20 out, 0 cached, $0.000160)",
  ]);
});

test("failures stand out", () => {
  expect(formatted("failed-command")).toContainEqual({ tone: "error", text: "no" });
  expect(formatted("failed-tool").map(({ text }) => text)).toContain("read: /agent/work/missing.txt -> failed");
  expect(formatted("unauthorized")).toEqual([{ tone: "error", text: "error: Incorrect API key provided: sk-test." }]);
});

test("reasoning is shown as thinking", () => {
  expect(formatted("reasoning")[0]).toEqual({ tone: "thinking", text: "Six times seven." });
});

test("debug shows the steps, unknown events and whole outputs", () => {
  expect(formatted("one-text", true)[0]).toMatchObject({ tone: "status", text: expect.stringContaining("ses_") });
  expect(formatLine('{"type":"later"}', true)).toEqual([{ tone: "plain", text: "later" }]);
  expect(formatLine('{"type":"later"}', false)).toEqual([]);
  const long = JSON.stringify({ type: "tool_use", part: { tool: "bash", state: { output: "x".repeat(5_000) } } });
  expect(formatLine(long, false)[1]?.text).toContain("3000 more characters");
  expect(formatLine(long, true)[1]?.text).toHaveLength(5_000);
});

test("other lines stay as they are, the adapter's own are status", () => {
  expect(formatLine("[paperclip] Job created", false)).toEqual([{ tone: "status", text: "[paperclip] Job created" }]);
  expect(formatLine("plain", false)).toEqual([{ tone: "plain", text: "plain" }]);
  expect(formatLine("  ", false)).toEqual([]);
});

test("the terminal gets one line after the other", () => {
  const written: string[] = [];
  const adapter = createCliAdapter("opencode_k8s", (text) => written.push(text));
  for (const line of recorded("one-text").lines) adapter.formatStdoutEvent(line, false);
  expect(adapter.type).toBe("opencode_k8s");
  expect(written.join("")).toContain("Hello from the scripted model.");
  expect(written.every((text) => text.endsWith("\n"))).toBe(true);
});

test("nothing that an agent printed is obeyed by the terminal", () => {
  const evil = "a\u001b]0;owned\u0007b\u001b[2Jc\u202ed\u009b1me";
  const events = [
    { type: "text", part: { text: evil } },
    { type: "reasoning", part: { text: evil } },
    { type: "error", error: { data: { message: evil } } },
    { type: "tool_use", part: { tool: evil, state: { input: { command: evil }, output: evil } } },
    { type: "step_finish", part: { reason: evil } },
    { type: evil },
  ];
  for (const line of [evil, `[paperclip] ${evil}`, ...events.map((event) => JSON.stringify(event))]) {
    for (const { text } of formatLine(line, true)) {
      expect(text).toBe(visibleText(text));
      expect(text).toContain("abcde");
    }
  }
});

test("an event of any depth is formatted", () => {
  const deep = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
  expect(formatLine(`{"type":"tool_use","part":{"tool":"x","state":{"input":${deep}}}}`, true)[0]?.tone).toBe("tool");
});
