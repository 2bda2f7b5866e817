import { visibleText } from "../lib/visible-text.ts";
import { bounds } from "./bounds.ts";
import { readJson, textOf } from "./json-value.ts";

/** What OpenCode wrote on stderr, as far as it explains an end. */
export interface StderrFacts {
  /** The words after the last "Error:" that the command line program printed. */
  said?: string;
  /** The error that Bun, which OpenCode is built with, prints when nothing caught it. */
  crash?: string;
  /** Full reasons of errors that an event only names by its `ref`. */
  causes: ReadonlyMap<string, string>;
  /** The last error of the log that does not concern a side request. */
  logged?: string;
  /** A permission was asked for and refused, as nobody can answer. */
  rejection?: string;
  /** The last line with something on it. */
  lastLine?: string;
}

/** `key=value` or `key="quoted \"value\""`, as 1.18.33 writes its log with `--print-logs`. */
function fieldOf(line: string, key: string): string | undefined {
  const found = new RegExp(`(?:^| )${key.replace(".", "\\.")}=("(?:[^"\\\\]|\\\\.)*"|\\S+)`).exec(line)?.[1];
  if (found === undefined) return undefined;
  return found.startsWith('"') ? (textOf(readJson(found)) ?? found.slice(1, -1)) : found;
}

/** A failed query is logged with its parameters, which hold what users wrote; the reason is the innermost cause. */
function reasonOf(line: string): string | undefined {
  if (line.startsWith("ERROR ")) return oldReasonOf(line);
  const reason = fieldOf(line, "error") ?? fieldOf(line, "error.error") ?? fieldOf(line, "message");
  if (!reason?.includes("Failed query: ")) return reason;
  return /SQLiteError: [^)\n]*/.exec(reason)?.[0] ?? "a query of the database failed";
}

/**
 * The same of the form before 1.17, whose values stand without quotes: `service=session.processor error=Rate limit
 * reached. stack="..."`, `service=server ref=err_1 error= cause=ProviderModelNotFoundError: `. A request that failed is
 * logged as JSON with all that was asked, so only its names are taken: `service=llm error={"error":{"name":"..."`.
 */
function oldReasonOf(line: string): string | undefined {
  const text = line.slice(0, bounds.message);
  const service = fieldOf(text, "service");
  if (service === "server") return fieldOf(text, "cause");
  if (service === "session.processor") return / error=([^{\s].*?)(?: stack=| process$|$)/.exec(text)?.[1];
  if (service !== "llm") return undefined;
  const [head = ""] = text.split('"requestBodyValues"');
  const names = [...head.matchAll(/"(?:name|code)":"(\w{1,60})"/g)].map(([, name]) => name);
  return names.length === 0 ? undefined : names.join(": ");
}

/** Sample: `Error: Unexpected error` / (empty) / `database disk image is malformed`: the reason stands below. */
function saidFrom(lines: readonly string[]): string | undefined {
  const start = lines.findLastIndex((line) => line.startsWith("Error: "));
  if (start === -1) return undefined;
  const said = lines.slice(start, start + 4).filter((line) => !isLogLine(line) && line.trim() !== "");
  return said
    .join(" ")
    .replace(/^Error: /, "")
    .replace(/^Unexpected error /, "");
}

/**
 * A line of the log that `--print-logs` writes; everything else on stderr is said to the user. Until 1.3 it begins as
 * `ERROR 2026-11-25T17:45:30 +641ms service=storage`.
 */
export function isLogLine(line: string): boolean {
  return /^timestamp=\S+ level=[A-Z]+ |^[A-Z]{4,5} {1,2}\d{4}-\d\d-\d\dT\S{1,20} \+\d+ms /.test(line);
}

/**
 * Bun prints source lines, the error, its fields and a stack, then its own version. Samples:
 * `EACCES: permission denied, mkdir '/x'` / ` path: "/x",` / ` syscall: "mkdir",` / ... / `Bun v1.3.14 (Linux x64)` and
 * `NotFoundError: NotFoundError` / ` data: {` / `  message: "Session not found: ses_1",` (1.3.2).
 */
function crashFrom(lines: readonly string[]): string | undefined {
  const at = lines.findLastIndex((line) =>
    /^(?:error: )?(?:[A-Z][A-Za-z]{0,60}(?:Error|Exception)|E[A-Z0-9]{2,30}): \S/.test(line),
  );
  const head = lines[at]?.replace(/^error: /, "").trim();
  if (head === undefined) return undefined;
  const [, name, words] = /^(\w+): (.*)$/.exec(head) ?? [];
  if (name !== words && !/[[{]$/.test(head)) return head;
  const inner = lines.slice(at + 1, at + 12).map((line) => /^\s{1,8}"?message"?: "(.{1,1000}?)",?\s*$/.exec(line)?.[1]);
  const message = inner.find((found) => found !== undefined);
  return message === undefined ? head : `${name}: ${message}`;
}

/** The last line that says something by itself: no log, no part of an error's fields, not the program's own version. */
function lastLineOf(lines: readonly string[]): string | undefined {
  const isPart = /^\s*(?:at |[\w$]{1,40}: .{0,400},?$|[{}\]),;]{1,3}$|\^$|\d{1,7} \| )|^\s*Bun v\d/;
  const isNotice = /^(?:Performing one time database migration|sqlite-migration:|Database migration complete)/;
  const own = lines.filter((line) => line.trim() !== "" && !isLogLine(line) && !isNotice.test(line));
  return (own.findLast((line) => !isPart.test(line)) ?? own.at(-1))?.trim();
}

export function readStderr(tail: string): StderrFacts {
  const lines = visibleText(tail.slice(-bounds.stderr)).split("\n");
  const errors = lines.filter((line) => isLogLine(line) && / level=ERROR |^ERROR /.test(line));
  const causes = new Map<string, string>();
  for (const line of errors) {
    const ref = fieldOf(line, "ref");
    const reason = reasonOf(line);
    if (ref !== undefined && reason !== undefined) causes.set(ref, reason);
  }
  const own = errors.filter((line) => !/ (?:small=true|agent=title) /.test(line));
  const logged = own.map(reasonOf).findLast((reason) => reason !== undefined);
  const said = saidFrom(lines);
  const rejection = lines.findLast((line) => line.includes("auto-rejecting"))?.replace(/^\W+/, "");
  const crash = crashFrom(lines);
  const lastLine = lastLineOf(lines);
  return {
    causes,
    ...(said === undefined ? {} : { said }),
    ...(crash === undefined ? {} : { crash }),
    ...(logged === undefined ? {} : { logged }),
    ...(rejection === undefined ? {} : { rejection }),
    ...(lastLine === undefined ? {} : { lastLine }),
  };
}
