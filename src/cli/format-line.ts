import { ownPrefix } from "../lib/own-prefix.ts";
import { visibleText } from "../lib/visible-text.ts";
import { type OpencodeEvent, parseEvent, type ToolEvent } from "../opencode/event.ts";

export type Tone = "assistant" | "thinking" | "tool" | "quiet" | "status" | "error" | "plain";

/** One piece of terminal output and what it is. */
export interface FormattedText {
  tone: Tone;
  text: string;
}

const outputLimit = 2_000;

function shortened(text: string, debug: boolean): string {
  if (debug || text.length <= outputLimit) return text;
  return `${text.slice(0, outputLimit)}\n… ${text.length - outputLimit} more characters`;
}

/** What a tool was asked, on one line: its command or path if it has one. */
function inputText(event: ToolEvent): string {
  const input = typeof event.input === "object" && event.input !== null ? (event.input as Record<string, unknown>) : {};
  const named = input.command ?? input.filePath ?? input.pattern ?? input.url ?? input.description;
  return typeof named === "string" ? named : JSON.stringify(event.input);
}

function formatTool(event: ToolEvent, debug: boolean): FormattedText[] {
  const failed = event.failed || (event.exitCode ?? 0) !== 0;
  const ending = event.failed ? " failed" : event.exitCode ? ` exit code ${event.exitCode}` : "";
  const call: FormattedText = { tone: "tool", text: `${event.tool}: ${inputText(event)}${ending && ` ->${ending}`}` };
  const output = event.output.trim();
  return output === "" ? [call] : [call, { tone: failed ? "error" : "quiet", text: shortened(output, debug) }];
}

function formatKnown(event: OpencodeEvent, debug: boolean): FormattedText[] {
  switch (event.kind) {
    case "step-start":
      return debug ? [{ tone: "status", text: `step started (session ${event.sessionId ?? "unknown"})` }] : [];
    case "text":
      return event.text.trim() === "" ? [] : [{ tone: "assistant", text: event.text.trim() }];
    case "reasoning":
      return event.text.trim() === "" ? [] : [{ tone: "thinking", text: event.text.trim() }];
    case "tool":
      return formatTool(event, debug);
    case "step-finish": {
      const { input, output, reasoning, cacheRead } = event.tokens;
      const tokens = `${input} in, ${output + reasoning} out, ${cacheRead} cached`;
      return [{ tone: "status", text: `step ended: ${event.reason} (${tokens}, $${event.costUsd.toFixed(6)})` }];
    }
    case "error":
      return [{ tone: "error", text: `error: ${event.error.message}` }];
    case "other":
      return debug ? [{ tone: "plain", text: event.type }] : [];
  }
}

/**
 * One line of a run's log as terminal output; the adapter's own lines and unknown ones stay as they are, apart from what
 * a terminal would obey: colours, cursor moves, titles, marks that turn the direction of text.
 */
export function formatLine(line: string, debug: boolean): FormattedText[] {
  const text = line.trim();
  if (text === "") return [];
  const pieces = formatPieces(text, debug);
  return pieces.map(({ tone, text: shown }) => ({ tone, text: visibleText(shown) }));
}

function formatPieces(text: string, debug: boolean): FormattedText[] {
  if (text.startsWith(ownPrefix)) return [{ tone: "status", text }];
  const event = parseEvent(text);
  return event === undefined ? [{ tone: "plain", text }] : formatKnown(event, debug);
}
