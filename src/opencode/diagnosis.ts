import type { FailureFamily } from "../lib/failure-family.ts";
import { visibleLine } from "../lib/visible-text.ts";
import { bounds } from "./bounds.ts";
import type { OpencodeError } from "./event-error.ts";
import { present } from "./json-value.ts";
import { type DiagnosisKind, type FailureFacts, type KnownFailure, knownFailures } from "./known-failure.ts";
import { explainNoStart, explainUsage } from "./no-start.ts";
import { readStderr, type StderrFacts } from "./stderr.ts";
import type { Transcript } from "./transcript.ts";

/** Why a run did not do what it was asked. */
export interface Diagnosis {
  kind: DiagnosisKind;
  /** One sentence with OpenCode's own words in it. */
  message: string;
  /** What can be done about it. */
  hint?: string;
  family?: FailureFamily;
  /** How long the provider asked to wait, counted from its answer. */
  retryAfterMs?: number;
}

export interface EndedRun {
  /** Null if OpenCode was ended before it had one. */
  exitCode: number | null;
  transcript: Transcript;
  /** The last lines of stderr. */
  stderrTail: string;
  /** The last lines that are neither events nor log. */
  lastLines?: readonly string[];
}

const wordsLimit = 600;

function oneLine(text: string): string {
  const line = visibleLine(text);
  return line.length > wordsLimit ? `${line.slice(0, wordsLimit)}…` : line;
}

/**
 * `UnknownError` says "Unexpected server error. Check server logs for details." and a `ref`; the log on stderr has the
 * reason under the same ref (1.18.33 with `--print-logs`).
 */
function wordsOf(error: OpencodeError, stderr: StderrFacts): string {
  return (error.ref === undefined ? undefined : stderr.causes.get(error.ref)) ?? error.message;
}

function factsOf(run: EndedRun, stderr: StderrFacts): FailureFacts | undefined {
  const error = run.transcript.errors.at(-1);
  if (error !== undefined) return { error, words: wordsOf(error, stderr) };
  const words = stderr.said ?? stderr.crash ?? stderr.logged ?? stderr.lastLine;
  return words === undefined ? undefined : { words: words.slice(0, bounds.message) };
}

function fits(failure: KnownFailure, { error, words }: FailureFacts): boolean {
  return (error !== undefined && failure.decides?.(error) === true) || failure.pattern.test(words);
}

function fromFacts(facts: FailureFacts): Diagnosis {
  // What OpenCode's name, the status and the provider's code say is surer than words, which may quote anything.
  const { error } = facts;
  const decided = error === undefined ? undefined : knownFailures.find((failure) => failure.decides?.(error) === true);
  const known = decided ?? knownFailures.find((failure) => fits(failure, facts));
  const words = oneLine(facts.words);
  if (known === undefined) return { kind: "failed", message: `OpenCode ended with an error: ${words}` };
  const retryAfterMs = known.family === undefined ? undefined : error?.retryAfterMs;
  return {
    kind: known.kind,
    message: `${known.meaning}: ${words}`,
    ...present({ hint: known.hint, family: known.family, retryAfterMs }),
  };
}

const permissionHints = {
  /** Asked only where the setting is off: with it this one is granted. */
  external_directory: "Set dangerouslySkipPermissions, or allow the folder under `permission` in OpenCode's config.",
  read: 'OpenCode asks before it reads a .env file, and nobody can answer in a run. Allow it with {"permission": {"read": {"*.env": "allow"}}} in OpenCode\'s config, which the agent\'s env can hold as OPENCODE_CONFIG_CONTENT.',
} as const;

function permissionHint(name: string | undefined): string {
  if (name === "external_directory" || name === "read") return permissionHints[name];
  const what = name === undefined ? "the tool" : `"${name}"`;
  return `Allow ${what} under \`permission\` in OpenCode's config, which the agent's env can hold as OPENCODE_CONFIG_CONTENT.`;
}

/** 1.18.33 ends a run whose tool was refused with exit code 0, after `step_finish` with reason `tool-calls`. */
function rejected(run: EndedRun, stderr: StderrFacts): Diagnosis | undefined {
  if (run.transcript.lastReason !== "tool-calls") return undefined;
  const refusal = run.transcript.toolErrors.findLast(({ message }) => /rejected permission/i.test(message));
  const words = stderr.rejection ?? (refusal === undefined ? undefined : `${refusal.tool}: ${refusal.message}`);
  if (words === undefined) return undefined;
  const permission = /permission requested: (\w{1,60})/.exec(stderr.rejection ?? "")?.[1];
  return {
    kind: "permission-rejected",
    message: `OpenCode stopped at a tool that nobody could permit: ${oneLine(words)}`,
    hint: permissionHint(permission),
  };
}

/**
 * Versions before 1.14 end with code 0 after errors that nothing caught, a session that they do not have among them
 * (seen with 1.1.65 and 1.3.2): then the reason stands on stderr alone. Notices stand there too, so its last line
 * counts only where it is known for a failure.
 */
function saidOnStderr(run: EndedRun, stderr: StderrFacts): Diagnosis | undefined {
  const { summary, toolCalls, steps } = run.transcript;
  if (summary !== "" || toolCalls > 0 || steps > 0) return undefined;
  const words = stderr.said ?? stderr.crash ?? stderr.logged;
  if (words !== undefined) return fromFacts({ words: words.slice(0, bounds.message) });
  const last = stderr.lastLine?.slice(0, bounds.message);
  return last !== undefined && knownFailures.some((failure) => failure.pattern.test(last))
    ? fromFacts({ words: last })
    : undefined;
}

const lostEnd =
  "Run it again. OpenCode 1.15 loses the end of its output now and then: use an image with another version if it repeats.";

function silent(run: EndedRun): Diagnosis | undefined {
  const { summary, toolCalls, steps, lastReason } = run.transcript;
  if (lastReason === "tool-calls") {
    return {
      kind: "no-answer",
      message: "OpenCode ended in the middle of a turn, after tool calls and without an answer",
      hint: lostEnd,
    };
  }
  if (summary !== "" || toolCalls > 0) return undefined;
  if (steps === 0) return { kind: "no-answer", message: "OpenCode ended without printing anything", hint: lostEnd };
  const why = lastReason === undefined || lastReason === "stop" ? "" : ` (${lastReason})`;
  return { kind: "no-answer", message: `The model ended its turn without a word and without a tool call${why}` };
}

/**
 * 1.18.33 exits with 1 as soon as one `error` event was printed, also when it went on: after a context overflow it
 * compacts the session by itself and answers.
 */
function hasRecovered(run: EndedRun): boolean {
  const { errors, finishedWell } = run.transcript;
  return errors.length > 0 && finishedWell && (run.exitCode === 0 || run.exitCode === 1);
}

/** What went wrong in a run; undefined if it did its work. A failed tool call alone is nothing wrong. */
export function diagnose(run: EndedRun): Diagnosis | undefined {
  const stderr = readStderr(run.stderrTail);
  if (run.exitCode === 0 || hasRecovered(run)) {
    const hasFailed = run.transcript.errors.length > 0 && !run.transcript.finishedWell;
    const facts = hasFailed ? factsOf(run, stderr) : undefined;
    if (facts !== undefined) return fromFacts(facts);
    return rejected(run, stderr) ?? saidOnStderr(run, stderr) ?? silent(run);
  }
  const unstarted = explainNoStart(run) ?? (stderr.said === undefined ? explainUsage(run) : undefined);
  if (unstarted !== undefined) return unstarted;
  const facts = factsOf(run, stderr);
  if (facts !== undefined) return fromFacts(facts);
  const ending = run.exitCode === null ? "was ended" : `ended with exit code ${run.exitCode}`;
  const { lastActivity } = run.transcript;
  const after = lastActivity === undefined ? "printed nothing" : `the last it told was: ${lastActivity.what}`;
  return { kind: "failed", message: `OpenCode ${ending} without saying why; ${oneLine(after)}` };
}
