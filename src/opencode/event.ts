import { type OpencodeError, readError } from "./event-error.ts";
import { isRecord, type JsonRecord, numberOf, present, readJson, recordOf, textOf, wordOf } from "./json-value.ts";

/** Tokens of one step. OpenCode counts cached and reasoning tokens apart from input and output. */
export interface StepTokens {
  input: number;
  output: number;
  reasoning: number;
  cacheRead: number;
  cacheWrite: number;
}

/** A tool that ran to its end; `opencode run` prints a tool only then. */
export interface ToolEvent {
  kind: "tool";
  tool: string;
  callId: string;
  failed: boolean;
  input: unknown;
  output: string;
  title?: string;
  /** The command's exit code, where the tool has one (`bash`). */
  exitCode?: number;
  durationMs?: number;
}

interface EventHead {
  sessionId?: string;
  /** Milliseconds since 1970 at which OpenCode printed the line. */
  timestamp?: number;
}

/** One line of `opencode run --format json`, as 1.18.33 prints them. */
export type OpencodeEvent = EventHead &
  (
    | { kind: "step-start" }
    | { kind: "text"; text: string }
    | { kind: "reasoning"; text: string }
    | ToolEvent
    | { kind: "step-finish"; reason: string; tokens: StepTokens; costUsd: number }
    | { kind: "error"; error: OpencodeError }
    | { kind: "other"; type: string }
  );

function readTokens(value: unknown): StepTokens {
  const tokens = recordOf(value);
  const cache = recordOf(tokens.cache);
  return {
    input: numberOf(tokens.input) ?? 0,
    output: numberOf(tokens.output) ?? 0,
    reasoning: numberOf(tokens.reasoning) ?? 0,
    cacheRead: numberOf(cache.read) ?? 0,
    cacheWrite: numberOf(cache.write) ?? 0,
  };
}

function readDuration(time: JsonRecord): number | undefined {
  const start = numberOf(time.start);
  const end = numberOf(time.end);
  return start === undefined || end === undefined ? undefined : end - start;
}

/** A tool's `state` is `{status, input, output, title, metadata, time}`, with `error` in place of `output` when it failed. */
function readTool(part: JsonRecord): ToolEvent {
  const state = recordOf(part.state);
  const tool = wordOf(part.tool) ?? "tool";
  return {
    kind: "tool",
    tool,
    callId: wordOf(part.callID) ?? wordOf(part.id) ?? tool,
    failed: state.status === "error",
    input: state.input ?? {},
    output: textOf(state.output) ?? textOf(state.error) ?? "",
    ...present({
      title: wordOf(state.title),
      exitCode: numberOf(recordOf(state.metadata).exit),
      durationMs: readDuration(recordOf(state.time)),
    }),
  };
}

function readBody(line: JsonRecord, type: string, timestamp: number): OpencodeEvent {
  const part = recordOf(line.part);
  switch (type) {
    case "step_start":
      return { kind: "step-start" };
    case "text":
      return { kind: "text", text: textOf(part.text) ?? "" };
    case "reasoning":
      return { kind: "reasoning", text: textOf(part.text) ?? "" };
    case "tool_use":
      return readTool(part);
    case "step_finish": {
      const reason = wordOf(part.reason) ?? "unknown";
      return { kind: "step-finish", reason, tokens: readTokens(part.tokens), costUsd: numberOf(part.cost) ?? 0 };
    }
    case "error":
      return { kind: "error", error: readError(line.error ?? line.message, timestamp) };
    default:
      return { kind: "other", type };
  }
}

/** Reads one line of OpenCode's output; undefined if it is no event. Never throws. */
export function parseEvent(line: string): OpencodeEvent | undefined {
  const text = line.trim();
  if (!text.startsWith("{") || !text.endsWith("}")) return undefined;
  const json = readJson(text);
  if (!isRecord(json)) return undefined;
  const type = wordOf(json.type);
  if (type === undefined) return undefined;
  const timestamp = numberOf(json.timestamp);
  return { ...readBody(json, type, timestamp ?? 0), ...present({ sessionId: wordOf(json.sessionID), timestamp }) };
}
