import { describe, expect, test } from "vitest";
import { formatLine } from "../../src/cli/format-line.ts";
import { errorFrom } from "../../src/cluster/refusal.ts";
import { parseSettings } from "../../src/config/parse-settings.ts";
import { noPolicy } from "../../src/config/policy/policy.ts";
import { describeProblems } from "../../src/config/setting-problem.ts";
import { settings } from "../../src/config/settings.ts";
import { readPreflightReport } from "../../src/health/preflight/report.ts";
import { expand } from "../../src/host/inherit-env.ts";
import { isServerSecret } from "../../src/host/server-secrets.ts";
import { agentSelector, databaseClaimName, jobName, labelValue } from "../../src/job/names.ts";
import { LauncherOutput } from "../../src/launcher/launcher-output.ts";
import { createLineSplitter } from "../../src/lib/lines.ts";
import { isLoopback } from "../../src/lib/loopback.ts";
import { readRetryAfter } from "../../src/lib/retry-after.ts";
import { shownUrl } from "../../src/lib/shown-url.ts";
import { storable } from "../../src/lib/storable-text.ts";
import { visibleLine } from "../../src/lib/visible-text.ts";
import { withoutLogin } from "../../src/lib/without-login.ts";
import { readLogLine } from "../../src/log/log-line.ts";
import { listModels } from "../../src/models/list-models.ts";
import { buildConfigContent } from "../../src/opencode/config-content.ts";
import { diagnose } from "../../src/opencode/diagnosis.ts";
import { parseEvent } from "../../src/opencode/event.ts";
import { readJsoncObject } from "../../src/opencode/jsonc.ts";
import { knownFailures } from "../../src/opencode/known-failure.ts";
import { readSession, sessionCodec } from "../../src/opencode/session.ts";
import { createTranscript } from "../../src/opencode/transcript.ts";
import { readMcpServers } from "../../src/prompt/mcp-servers.ts";
import { asAgentLine } from "../../src/run-log/agent-line.ts";
import { createRunLog } from "../../src/run-log/run-log.ts";
import { parseStdoutLine } from "../../src/ui-parser.ts";

/**
 * Everything in `src` that reads a text of others, met with a megabyte of anything and with 100,000 levels. An agent
 * writes its settings, its sessions and its output; one text that takes a second holds the server and all other runs.
 */
const limitMs = 100;
const size = 1024 * 1024;

const model = "corp/a";
const withText = (text: string, exitCode: number | null = 1) =>
  diagnose({ exitCode, transcript: createTranscript().view(), stderrTail: text });

/** A share of the megabyte for a line that holds a text in several places, each character as up to six. */
const share = (text: string) => text.slice(0, size / 24);

function errorLine(long: string): string {
  const text = share(long);
  const responseHeaders = { "retry-after": text, "x-ratelimit-reset-requests": text, [text.slice(0, 1_000)]: text };
  const data = { message: text, responseHeaders, responseBody: text, ref: text, statusCode: text };
  return JSON.stringify({ type: "error", sessionID: text, error: { name: text, data } });
}

function transcribed(line: string): void {
  const transcript = createTranscript();
  transcript.add(line);
  diagnose({ exitCode: 1, transcript: transcript.view(), stderrTail: "" });
}

function toolLine(long: string): string {
  const text = share(long);
  const state = { status: "error", title: text, input: { command: text }, error: text };
  return JSON.stringify({ type: "tool_use", part: { tool: text, callID: text, state } });
}

function stepLine(long: string): string {
  const text = share(long);
  return JSON.stringify({ type: "step_finish", sessionID: text, part: { reason: text } });
}

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  ...Object.fromEntries(
    settings.map(({ key }) => [
      `the setting ${key}`,
      (text: string) => {
        const read = parseSettings({ model, [key]: text }, noPolicy);
        return read.ok ? read : describeProblems(read.problems);
      },
    ]),
  ),
  "a key of env": (text) => parseSettings({ model, env: { [text]: text } }, noPolicy),
  "a key of labels": (text) => parseSettings({ model, labels: { [text]: text } }, noPolicy),
  "a key of resources": (text) =>
    parseSettings({ model, [`resources.limits.${text}`]: text, resources: text }, noPolicy),
  JSONC: readJsoncObject,
  "inherited configuration": (inherited) =>
    buildConfigContent({ model, dangerouslySkipPermissions: true, inherited, providersJson: inherited }),
  "an event": parseEvent,
  "an error event": (text) => transcribed(errorLine(text)),
  "a tool event": (text) => formatLine(toolLine(text), false),
  "the end of a step": (text) => transcribed(stepLine(text)),
  "the run page": (text) => [parseStdoutLine(text, ""), parseStdoutLine(errorLine(text), "")],
  "the terminal": (text) => formatLine(text, true),
  stderr: withText,
  "stderr of a crash": (text) => withText(`Error: ${text}\n message: "${text}\nBun v1.3.14`),
  "stderr with exit code 0": (text) => withText(text, 0),
  "stderr of a shell, not found": (text) => withText(text, 127),
  "stderr of a shell, another CPU": (text) => withText(text, 2),
  "a log line on stderr": (text) => withText(`timestamp=1 level=ERROR error="${text} ref=${text} message="${text}`),
  "a provider's words": (text) => knownFailures.map(({ pattern }) => pattern.test(text.slice(0, 4_000))),
  "a stored session": (text) => [
    readSession({ sessionId: text, cwd: text, repoUrl: text, other: text }),
    sessionCodec.getDisplayId({ session_id: text }),
  ],
  "names of objects": (text) => [
    labelValue(text),
    agentSelector(text),
    databaseClaimName(text),
    jobName({ agentId: text, runId: text, attempt: 0 }),
  ],
  "the preflight's report": (text) =>
    readPreflightReport([`preflight ${text}`, `preflight model offer ${text}`, `preflight opencode failed 1 ${text}`]),
  "the launcher's output": (text) => {
    const output = new LauncherOutput("n");
    output.push(["", "@n:say ", "@n:e ", "@n:p ", "x@n:"].map((head) => ({ bytes: Buffer.from(head + share(text)) })));
    return output.flush();
  },
  "a line of a log": (text) => readLogLine(Buffer.from(`2026-11-25T17:45:30.000000000Z ${text}`)),
  "a line of a log, bare": (text) => readLogLine(Buffer.from(text)),
  "a piece of a stream of lines": (text) => createLineSplitter().push(Buffer.from(share(text))),
  "what the adapter says": (text) => createRunLog(async () => {}).say(text),
  "what an agent prints": (text) => [asAgentLine(text), asAgentLine(`${text}[paperclip]`), visibleLine(text)],
  "what is stored": (text) => [storable(text), storable({ [share(text)]: 1 })],
  "an address": (text) => [isLoopback(text), isLoopback(`http://${text}`), shownUrl(text), shownUrl(`http://${text}`)],
  "a tool server's address": (text) => readMcpServers({ context: {} }, text),
  "Paperclip's own environment": (text) => [
    expand(share(text), [{ name: "A", value: share(text) }], {}),
    isServerSecret(text),
    isServerSecret(`PAPERCLIP_${text}`),
  ],
  "the cluster's refusal": (text) => errorFrom(500, text, text),
  "a wait that a server asks for": readRetryAfter,
  "a catalogue of models": (text) =>
    listModels(
      { [share(text)]: { models: { [share(text)]: {} } } },
      { env: {}, config: { provider: { [share(text)]: {} } } },
    ),
  "a repository's address": (text) => [withoutLogin(text), withoutLogin(`https://${text}`)],
};

const tokens = [
  ...["a", "A", "0", '"', "'", "/", "\\", ",", "[", "]", "{", "}", "(", " ", "\n", "\r", "\t", ":", "=", "-", ".", "_"],
  ...[
    "$(",
    "$",
    "1s ",
    "//",
    "/*",
    "*/",
    "\u001b",
    "\u001b[",
    "\u001b]",
    "\u009d",
    "\0",
    "\ud83d",
    "ä",
    "@",
    "#",
    "&a ",
    "*a ",
  ],
  ...["- ", "a: ", "? ", "retry in ", "config ", "model ", "Error: ", "opencode ", "[paperclip]", "http://", "../"],
];

function repeated(piece: string, length: number): string {
  return piece.repeat(Math.ceil(length / piece.length));
}

/** What this thread has used of a processor: a machine that is busy elsewhere makes nothing slow. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** Best of three, as the first call compiles and any may meet the collection of garbage. */
function isSlow(read: (text: string) => unknown, text: string): boolean {
  for (let tries = 0; tries < 3; tries += 1) {
    const start = cpuMs();
    read(text);
    if (cpuMs() - start <= limitMs) return false;
  }
  return true;
}

function slowOf(read: (text: string) => unknown, texts: Iterable<readonly [name: string, text: string]>): string[] {
  for (const [name, text] of texts) if (isSlow(read, text)) return [name];
  return [];
}

function* megabytes(): Generator<readonly [string, string]> {
  for (const [index, token] of tokens.entries()) {
    yield [JSON.stringify(token), repeated(token, size)];
    const other = tokens[(index * 7 + 3) % tokens.length] ?? "";
    yield [JSON.stringify([token, other]), repeated(token + other, size)];
  }
}

/** Below every limit of length, where all of a text is read. In turn, a pair is the same as its reverse. */
function* pairs(): Generator<readonly [string, string]> {
  for (const [index, first] of tokens.entries()) {
    for (const second of tokens.slice(index)) yield [JSON.stringify([first, second]), repeated(first + second, 4_000)];
  }
}

function* nests(): Generator<readonly [string, string]> {
  for (const levels of [5_000, 100_000]) {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
      ["(", ")"],
      ["{", "}"],
      ["- ", ""],
      ["[{a: ", "}]"],
    ] as const) {
      yield [`${levels} of ${open}`, `${open.repeat(levels)}1${close.repeat(levels)}`];
      yield [
        `${levels} of ${open} in a field`,
        `{"type":"tool_use","part":{"state":{"input":${open.repeat(levels)}1${close.repeat(levels)}}}}`,
      ];
      yield [
        `${levels} of ${open} as an error`,
        `{"type":"error","error":{"data":${open.repeat(levels)}1${close.repeat(levels)}}}`,
      ];
    }
  }
}

describe.each(Object.entries(readers))("%s", (_, read) => {
  test("takes a megabyte of any token, 100,000 levels and every pair of tokens in no time", { timeout: 30_000 }, () => {
    read("warm"); // the first call compiles
    expect(slowOf(read, megabytes())).toEqual([]);
    expect(slowOf(read, nests())).toEqual([]);
    expect(slowOf(read, pairs())).toEqual([]);
  });
});

describe("values that come as JSON", () => {
  const nested = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
  const wide = JSON.parse(`[${"1,".repeat(500_000)}1]`);

  test.each(settings.map(({ key }) => key))("the setting %s is bounded in depth and size", (key) => {
    for (const value of [nested(5_000), nested(100_000), wide, { a: nested(100_000) }]) {
      expect(isSlow(() => parseSettings({ model, [key]: value }, noPolicy), "")).toBe(false);
      const read = parseSettings({ model, [key]: value }, noPolicy);
      expect(read).toMatchObject({ ok: false });
      expect(read.ok ? "" : describeProblems(read.problems)).toContain(key);
    }
  });

  test("a stored session is bounded", () => {
    expect(readSession({ sessionId: "ses_1", other: nested(100_000) })).toEqual({ sessionId: "ses_1" });
    expect(readSession({ sessionId: "ses_1", other: wide })).toEqual({ sessionId: "ses_1" });
  });

  test("what is stored ends with its levels", () => {
    expect(() => JSON.stringify(storable({ a: nested(100_000) }))).not.toThrow();
  });
});
