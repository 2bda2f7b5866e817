import { boundedJson } from "../lib/json.ts";
import { boundedWord, bounds, clampAmount, mostTokens, mostUsd } from "./bounds.ts";
import { type OpencodeError, readError } from "./event-error.ts";
import { isRecord, type JsonRecord, numberOf, present, readJson, recordOf, textOf, wordOf } from "./json-value.ts";
import { isSessionId } from "./session-id.ts";

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

export interface StepFinishEvent {
  kind: "step-finish";
  reason: string;
  tokens: StepTokens;
  costUsd: number;
  /** A number was negative, none, or more than a run can use; it stands here as the nearest that is believed. */
  clamped: boolean;
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
    | StepFinishEvent
    | { kind: "error"; error: OpencodeError }
    | { kind: "other"; type: string }
  );

/** JSON knows no NaN: what is no number counts as nothing, without a word, as where a version has no such field. */
function readStepFinish(part: JsonRecord): StepFinishEvent {
  const tokens = recordOf(part.tokens);
  const cache = recordOf(tokens.cache);
  let clamped = false;
  const amountOf = (value: unknown, most: number): number => {
    const read = clampAmount(typeof value === "number" ? value : 0, most);
    clamped ||= read.clamped;
    return read.amount;
  };
  const tokensOf = (value: unknown) => Math.round(amountOf(value, mostTokens));
  return {
    kind: "step-finish",
    reason: boundedWord(wordOf(part.reason)) ?? "unknown",
    tokens: {
      input: tokensOf(tokens.input),
      output: tokensOf(tokens.output),
      reasoning: tokensOf(tokens.reasoning),
      cacheRead: tokensOf(cache.read),
      cacheWrite: tokensOf(cache.write),
    },
    costUsd: amountOf(part.cost, mostUsd),
    clamped,
  };
}

/** Milliseconds since 1970 that a Date can hold. */
function readTimestamp(value: unknown): number | undefined {
  const at = numberOf(value);
  return at === undefined || at < 0 || at > 8.64e15 ? undefined : at;
}

function readExitCode(value: unknown): number | undefined {
  const code = numberOf(value);
  return code === undefined || !Number.isInteger(code) || Math.abs(code) > 0x7f_ff_ff_ff ? undefined : code;
}

function readDuration(time: JsonRecord): number | undefined {
  const start = readTimestamp(time.start);
  const end = readTimestamp(time.end);
  return start === undefined || end === undefined ? undefined : Math.max(0, end - start);
}

/** A tool's `state` is `{status, input, output, title, metadata, time}`, with `error` in place of `output` when it failed. */
function readTool(part: JsonRecord): ToolEvent {
  const state = recordOf(part.state);
  const tool = boundedWord(wordOf(part.tool)) ?? "tool";
  return {
    kind: "tool",
    tool,
    callId: boundedWord(wordOf(part.callID) ?? wordOf(part.id)) ?? tool,
    failed: state.status === "error",
    input: boundedJson(state.input ?? {}, bounds.input),
    output: textOf(state.output) ?? textOf(state.error) ?? "",
    ...present({
      title: wordOf(state.title)?.slice(0, bounds.title),
      exitCode: readExitCode(recordOf(state.metadata).exit),
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
    case "step_finish":
      return readStepFinish(part);
    case "error":
      return { kind: "error", error: readError(line.error ?? line.message, timestamp) };
    default:
      return { kind: "other", type };
  }
}

/**
 * Reads one line of OpenCode's output; undefined if it is no event. Never throws. Every text but an answer, a thought
 * and a tool's output is cut to `bounds`, and those are no longer than the longest line.
 */
export function parseEvent(line: string): OpencodeEvent | undefined {
  if (line.length > bounds.line) return undefined;
  const text = line.trim();
  if (!text.startsWith("{") || !text.endsWith("}")) return undefined;
  const json = readJson(text);
  if (!isRecord(json)) return undefined;
  const type = boundedWord(wordOf(json.type));
  if (type === undefined) return undefined;
  const timestamp = readTimestamp(json.timestamp);
  const sessionId = wordOf(json.sessionID);
  return {
    ...readBody(json, type, timestamp ?? 0),
    ...present({ sessionId: sessionId !== undefined && isSessionId(sessionId) ? sessionId : undefined, timestamp }),
  };
}
