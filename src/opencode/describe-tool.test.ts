import { expect, test } from "vitest";
import { describeTool } from "./describe-tool.ts";
import type { ToolEvent } from "./event.ts";

const ran = (tool: string, input: unknown, more: Partial<ToolEvent> = {}): ToolEvent => ({
  kind: "tool",
  callId: "c",
  failed: false,
  output: "",
  tool,
  input,
  ...more,
});

test.each([
  [ran("bash", { command: "ls -la", description: "list" }), "bash ls -la"],
  [ran("read", { filePath: "/a.ts" }), "read /a.ts"],
  [ran("grep", { pattern: "x", path: "/src" }), "grep /src"],
  [ran("bash", { command: "false" }, { failed: true }), "bash (failed) false"],
  [ran("todowrite", { todos: [] }, { title: "3 todos" }), "todowrite 3 todos"],
  [ran("odd", null), "odd"],
  [ran("odd", { command: 7 }), "odd"],
])("%j", (event, text) => {
  expect(describeTool(event)).toBe(text);
});
