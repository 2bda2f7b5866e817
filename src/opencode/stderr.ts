import { readJson, textOf } from "./json-value.ts";

/** What OpenCode wrote on stderr, as far as it explains an end. */
export interface StderrFacts {
  /** The words after the last "Error:" that the command line program printed. */
  said?: string;
  /** Full reasons of errors that an event only names by its `ref`. */
  causes: ReadonlyMap<string, string>;
  /** The last error of the log that does not concern a side request. */
  logged?: string;
  /** A permission was asked for and refused, as nobody can answer. */
  rejection?: string;
  /** The last line with something on it. */
  lastLine?: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with the escape character
const colours = /\u001b\[[0-9;]*m/g;

/** `key=value` or `key="quoted \"value\""`, as 1.18.33 writes its log with `--print-logs`. */
function fieldOf(line: string, key: string): string | undefined {
  const found = new RegExp(`(?:^| )${key.replace(".", "\\.")}=("(?:[^"\\\\]|\\\\.)*"|\\S+)`).exec(line)?.[1];
  if (found === undefined) return undefined;
  return found.startsWith('"') ? (textOf(readJson(found)) ?? found.slice(1, -1)) : found;
}

/** A failed query is logged with its parameters, which hold what users wrote; the reason is the innermost cause. */
function reasonOf(line: string): string | undefined {
  const reason = fieldOf(line, "error") ?? fieldOf(line, "error.error") ?? fieldOf(line, "message");
  if (!reason?.includes("Failed query: ")) return reason;
  return /SQLiteError: [^)\n]*/.exec(reason)?.[0] ?? "a query of the database failed";
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

/** A line of the log that `--print-logs` writes; everything else on stderr is said to the user. */
export function isLogLine(line: string): boolean {
  return /^timestamp=\S+ level=[A-Z]+ /.test(line);
}

export function readStderr(tail: string): StderrFacts {
  const lines = tail.replace(colours, "").split(/\r?\n/);
  const errors = lines.filter((line) => isLogLine(line) && line.includes(" level=ERROR "));
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
  const lastLine = lines.findLast((line) => line.trim() !== "" && !isLogLine(line))?.trim();
  return {
    causes,
    ...(said === undefined ? {} : { said }),
    ...(logged === undefined ? {} : { logged }),
    ...(rejection === undefined ? {} : { rejection }),
    ...(lastLine === undefined ? {} : { lastLine }),
  };
}
