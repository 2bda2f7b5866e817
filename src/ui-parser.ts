import type { TranscriptEntry } from "@paperclipai/adapter-utils";
import { ownPrefix } from "./lib/own-prefix.ts";
import { type OpencodeEvent, parseEvent, type StepTokens, type ToolEvent } from "./opencode/event.ts";
import type { OpencodeError } from "./opencode/event-error.ts";

// Paperclip's page (2026.916.1) runs this file in a worker, as CommonJS, without `self` and `globalThis`, and calls
// `parseStdoutLine(line, ts)` with one trimmed line of stdout. It keeps what a line gave, so no state may matter here.
// stderr does not come this way: the page shows it by itself.

type Step = Extract<OpencodeEvent, { kind: "step-finish" }>;

/** Reasons after which something is missing in the answer. */
const badReasons: Readonly<Record<string, string>> = {
  length: "The model's output limit cut the answer",
  "content-filter": "The provider's content filter stopped the answer",
  error: "The step ended with an error",
};

function toolResultText(event: ToolEvent): string {
  const exit = event.exitCode === undefined || event.exitCode === 0 ? "" : `exit code ${event.exitCode}`;
  const text = [exit, event.output].filter((part) => part !== "").join("\n\n");
  return text || (event.failed ? "failed, without a message" : "(no output)");
}

function toolEntries(event: ToolEvent, ts: string): TranscriptEntry[] {
  const failed = event.failed || (event.exitCode ?? 0) !== 0;
  return [
    { kind: "tool_call", ts, name: event.tool, input: event.input, toolUseId: event.callId },
    {
      kind: "tool_result",
      ts,
      toolUseId: event.callId,
      toolName: event.tool,
      content: toolResultText(event),
      isError: failed,
    },
  ];
}

function stepText(reason: string): string {
  if (reason === "stop") return "Answer complete";
  if (reason === "tool-calls") return "Tools called";
  return badReasons[reason] ?? `Step ended: ${reason}`;
}

function stepEntry(event: Step, ts: string): TranscriptEntry {
  const text = stepText(event.reason);
  const isError = badReasons[event.reason] !== undefined;
  return {
    ...usageOf(event.tokens, event.costUsd),
    kind: "result",
    ts,
    text,
    subtype: event.reason,
    isError,
    errors: isError ? [text] : [],
  };
}

function usageOf(tokens: StepTokens, costUsd: number) {
  return {
    inputTokens: tokens.input,
    outputTokens: tokens.output + tokens.reasoning,
    cachedTokens: tokens.cacheRead,
    costUsd,
  };
}

function errorText(error: OpencodeError): string {
  const status = error.statusCode === undefined ? "" : ` (HTTP ${error.statusCode})`;
  return `${error.message}${status}`;
}

function errorEntry(error: OpencodeError, ts: string): TranscriptEntry {
  const text = errorText(error);
  const none = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, costUsd: 0 };
  return { ...none, kind: "result", ts, text, subtype: error.name ?? "error", isError: true, errors: [text] };
}

function eventEntries(event: OpencodeEvent, line: string, ts: string): TranscriptEntry[] {
  switch (event.kind) {
    case "text":
      return event.text.trim() === "" ? [] : [{ kind: "assistant", ts, text: event.text.trim() }];
    case "reasoning":
      return event.text.trim() === "" ? [] : [{ kind: "thinking", ts, text: event.text.trim() }];
    case "tool":
      return toolEntries(event, ts);
    case "step-start":
      return []; // says nothing that the page does not show by what follows
    case "step-finish":
      return [stepEntry(event, ts)];
    case "error":
      return [errorEntry(event.error, ts)];
    case "other":
      return [{ kind: "stdout", ts, text: line }];
  }
}

/** One line of a run's stdout as entries of the run page. Never throws; what it does not know stays as it is. */
export function parseStdoutLine(line: string, ts: string): TranscriptEntry[] {
  const text = String(line);
  if (text.trim() === "") return [];
  if (text.startsWith(ownPrefix)) return [{ kind: "system", ts, text }];
  try {
    const event = parseEvent(text);
    return event === undefined ? [{ kind: "stdout", ts, text }] : eventEntries(event, text, ts);
  } catch {
    return [{ kind: "stdout", ts, text }];
  }
}
