import { clampAmount, mostTokens, mostUsd } from "./bounds.ts";
import { type OpencodeEvent, parseEvent, type StepFinishEvent, type ToolEvent } from "./event.ts";
import type { OpencodeError } from "./event-error.ts";
import { present } from "./json-value.ts";

/** Tokens of a run, as Paperclip counts them: what was cached is not in `inputTokens`, what was reasoned is in `outputTokens`. */
interface TokenUsage {
  inputTokens: number;
  outputTokens: number;
  cachedInputTokens: number;
}

interface ToolError {
  tool: string;
  message: string;
}

/** What a run has said so far. */
export interface Transcript {
  sessionId?: string;
  /** What the assistant wrote, the end of it if it was long; then the first line says so. */
  summary: string;
  /** What the assistant wrote in its last step, if that ended with `stop`: its answer. As long as `summary` at most. */
  finalText?: string;
  usage: TokenUsage;
  costUsd: number;
  /** Tokens or cost were negative or more than one run can use: what stands here is what is believed of them. */
  clamped: boolean;
  /** The first errors and the last one. */
  errors: readonly OpencodeError[];
  /** Errors that are not in the list. */
  errorsDropped: number;
  /** The first failed tool calls and the last one: none of them fails a run by itself. */
  toolErrors: readonly ToolError[];
  toolErrorsDropped: number;
  /** Steps that ended. */
  steps: number;
  toolCalls: number;
  /** Why the last step ended: `stop`, `tool-calls`, `length`, `content-filter`, ... */
  lastReason?: string;
  /** After the last error the assistant came to a regular end. True also when there was no error. */
  finishedWell: boolean;
  /** The last thing that happened, with OpenCode's own time in milliseconds since 1970. */
  lastActivity?: { what: string; at?: number };
}

export interface TranscriptBuilder {
  /** Takes one line of stdout; returns its event, undefined if it is none. */
  add(line: string): OpencodeEvent | undefined;
  view(): Transcript;
}

const summaryLimit = 64_000;
const messageLimit = 4_000;
const listLimit = 20;
const cutNotice = "[earlier text of this run is left out]";

/** A copy that does not keep the long original alive, as a slice of it would in V8. */
function detached(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}

function headOf(text: string, limit: number): string {
  return text.length <= limit ? text : detached(`${text.slice(0, limit)}…`);
}

/** Texts of which the last ones are kept, up to a limit in characters. */
function createTail(limit: number) {
  let texts: string[] = [];
  let length = 0;
  let isCut = false;
  return {
    push(text: string): void {
      const kept = text.length > limit ? detached(text.slice(-limit)) : text;
      isCut ||= kept.length < text.length;
      texts.push(kept);
      length += kept.length;
      while (length > limit && texts.length > 1) {
        length -= texts[0]?.length ?? 0;
        texts = texts.slice(1);
        isCut = true;
      }
    },
    join: () => (isCut ? [cutNotice, ...texts] : texts).join("\n\n"),
  };
}

/** A list of the first entries and the last one; of the rest only the number is kept. */
function createSample<T>(limit: number) {
  const first: T[] = [];
  let last: T[] = [];
  let dropped = 0;
  return {
    push(entry: T): void {
      if (first.length < limit - 1) first.push(entry);
      else {
        dropped += last.length;
        last = [entry];
      }
    },
    list: (): readonly T[] => [...first, ...last],
    dropped: () => dropped,
  };
}

function bounded(error: OpencodeError): OpencodeError {
  const body = error.responseBody;
  return {
    ...error,
    message: headOf(error.message, messageLimit),
    ...(body === undefined ? {} : { responseBody: detached(body) }),
  };
}

function describe(event: OpencodeEvent): string {
  switch (event.kind) {
    case "tool":
      return `tool ${event.tool} ${event.failed ? "failed" : "completed"}`;
    case "step-finish":
      return `step ended: ${event.reason}`;
    case "error":
      return `error: ${headOf(event.error.message, 200)}`;
    case "other":
      return event.type;
    default:
      return event.kind;
  }
}

/** The texts of the last step, if that ended with `stop`. */
function createAnswer() {
  let step = createTail(summaryLimit);
  let finalText = "";
  return {
    beginStep(): void {
      step = createTail(summaryLimit);
    },
    push: (text: string) => step.push(text),
    endStep(reason: string): void {
      finalText = reason === "stop" ? step.join() : "";
    },
    view: () => (finalText === "" ? {} : { finalText }),
  };
}

/** Folds the lines of a run into what is worth knowing, in bounded memory whatever the length of the run. */
export function createTranscript(): TranscriptBuilder {
  const texts = createTail(summaryLimit);
  const errors = createSample<OpencodeError>(listLimit);
  const toolErrors = createSample<ToolError>(listLimit);
  const usage: TokenUsage = { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0 };
  const answer = createAnswer();
  const facts: Pick<Transcript, "sessionId" | "lastReason" | "lastActivity"> = {};
  let costUsd = 0;
  let clamped = false;
  let steps = 0;
  let toolCalls = 0;
  let finishedWell = true;

  function addTool(event: ToolEvent): void {
    toolCalls += 1;
    if (event.failed) toolErrors.push({ tool: event.tool, message: headOf(event.output, messageLimit) });
  }

  function sum(before: number, more: number, most: number): number {
    const total = clampAmount(before + more, most);
    clamped ||= total.clamped;
    return total.amount;
  }

  function addStep(event: StepFinishEvent): void {
    const { tokens } = event;
    steps += 1;
    clamped ||= event.clamped;
    usage.inputTokens = sum(usage.inputTokens, tokens.input, mostTokens);
    usage.outputTokens = sum(usage.outputTokens, tokens.output + tokens.reasoning, mostTokens);
    usage.cachedInputTokens = sum(usage.cachedInputTokens, tokens.cacheRead, mostTokens);
    costUsd = sum(costUsd, event.costUsd, mostUsd);
    facts.lastReason = event.reason;
    answer.endStep(event.reason);
    if (event.reason === "stop") finishedWell = true;
  }

  function take(event: OpencodeEvent): void {
    if (event.kind === "step-start") answer.beginStep();
    else if (event.kind === "tool") addTool(event);
    else if (event.kind === "step-finish") addStep(event);
    else if (event.kind === "text" && event.text.trim() !== "") {
      texts.push(event.text.trim());
      answer.push(event.text.trim());
    } else if (event.kind === "error") {
      errors.push(bounded(event.error));
      finishedWell = false;
    }
  }

  return {
    add(line) {
      const event = parseEvent(line);
      if (event === undefined) return undefined;
      if (event.sessionId !== undefined) facts.sessionId = event.sessionId;
      facts.lastActivity = { what: describe(event), ...present({ at: event.timestamp }) };
      take(event);
      return event;
    },
    view: () => ({
      ...facts,
      summary: texts.join(),
      ...answer.view(),
      usage: { ...usage },
      costUsd,
      clamped,
      errors: errors.list(),
      errorsDropped: errors.dropped(),
      toolErrors: toolErrors.list(),
      toolErrorsDropped: toolErrors.dropped(),
      steps,
      toolCalls,
      finishedWell,
    }),
  };
}
