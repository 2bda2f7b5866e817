import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { recorded } from "../../test/fixtures/opencode/recorded.ts";
import { type Diagnosis, diagnose } from "./diagnosis.ts";
import { createTranscript } from "./transcript.ts";

function transcriptOf(lines: readonly string[]) {
  const transcript = createTranscript();
  for (const line of lines) transcript.add(line);
  return transcript.view();
}

function diagnosisOf(name: string): Diagnosis | undefined {
  const { lines, stderr, exitCode } = recorded(name);
  return diagnose({ exitCode, transcript: transcriptOf(lines), stderrTail: stderr });
}

test.each(["one-text", "two-steps", "resumed", "reasoning", "many-lines", "length-limit", "step-limit"])(
  "nothing is wrong in the recording %s",
  (name) => expect(diagnosisOf(name)).toBeUndefined(),
);

test.each(["failed-tool", "failed-command"])("a failed tool call alone is no failure: %s", (name) =>
  expect(diagnosisOf(name)).toBeUndefined(),
);

test("an error that OpenCode recovered from is no failure, although it exits with 1", () => {
  expect(recorded("overflow-recovered").exitCode).toBe(1);
  expect(diagnosisOf("overflow-recovered")).toBeUndefined();
});

test.each<[name: string, kind: string, words: string]>([
  ["unauthorized", "provider-auth", "Incorrect API key provided"],
  ["rate-limited", "provider-quota", "Rate limit reached for requests."],
  ["quota-exceeded", "provider-quota", "You exceeded your current quota"],
  ["server-error", "provider-unavailable", "The server had an error while processing your request."],
  ["overloaded", "provider-unavailable", "The engine is currently overloaded."],
  ["stream-cut", "provider-unavailable", "Connection reset by server"],
  ["unreachable", "provider-unavailable", "Unable to connect"],
  ["context-overflow", "context-overflow", "This model's maximum context length is 128000 tokens."],
  ["provider-model-missing", "model-unknown", "The model 'scripted' does not exist"],
  ["unknown-model", "model-unknown", "Model not found: scripted/nothing"],
  ["unknown-provider", "model-unknown", "Model not found: nobody/nothing"],
  ["missing-key", "model-unknown", "Model not found: openai/gpt-5.5"],
  ["unknown-session", "unknown-session", "Session not found"],
  ["permission-rejected", "permission-rejected", "external_directory (/etc/*)"],
  ["filtered", "answer-refused", "content filter"],
  ["no-answer", "no-answer", "without a word"],
  ["bad-config", "config-invalid", "OPENCODE_CONFIG_CONTENT is not valid JSON"],
  ["invalid-config", "config-invalid", 'got "perhaps"'],
  ["no-prompt", "failed", "You must provide a message"],
  ["database-not-sqlite", "database-unusable", "file is not a database"],
  ["database-malformed", "database-unusable", "database disk image is malformed"],
  ["database-newer-schema", "database-unusable", "NOT NULL constraint failed: message.seq"],
  ["database-missing-table", "database-unusable", "no such table"],
  ["database-unopenable", "database-unusable", "unable to open database file"],
])("the recording %s is %s, in OpenCode's own words", (name, kind, words) => {
  const diagnosis = diagnosisOf(name);
  expect(diagnosis?.kind).toBe(kind);
  expect(diagnosis?.message).toContain(words);
  expect(diagnosis?.message.includes("\n") || diagnosis?.message.includes("\u001b")).toBe(false);
});

test("a provider that asks to wait says how long", () => {
  expect(diagnosisOf("rate-limited")).toMatchObject({ family: "provider_quota", retryAfterMs: 1_000 });
  expect(diagnosisOf("quota-exceeded")).toMatchObject({ family: "provider_quota" });
  expect(diagnosisOf("quota-exceeded")).not.toHaveProperty("retryAfterMs");
});

test.each(["server-error", "overloaded", "stream-cut", "unreachable"])("a retry may help after %s", (name) =>
  expect(diagnosisOf(name)?.family).toBe("transient_upstream"),
);

test.each(["unauthorized", "unknown-model", "context-overflow", "unknown-session", "filtered"])(
  "the same run once more does not help after %s",
  (name) => expect(diagnosisOf(name)).not.toHaveProperty("family"),
);

test("a run that was ended while its provider was silent tells what the log has", () => {
  const stderrTail = recorded("unreachable").stderr.split("\n").slice(0, 3).join("\n");
  const diagnosis = diagnose({ exitCode: null, transcript: transcriptOf([]), stderrTail });
  expect(diagnosis).toMatchObject({ kind: "provider-unavailable", family: "transient_upstream" });
});

test("a failed title is not taken for the reason", () => {
  const stderrTail =
    'timestamp=2026-11-23T22:35:36.301Z level=ERROR run=1 message="stream error" small=true agent=title mode=primary error.error="AI_RetryError: Rate limit"';
  expect(diagnose({ exitCode: 137, transcript: transcriptOf([]), stderrTail })).toMatchObject({ kind: "failed" });
});

test("an exit with 0 and an error without an answer after it is a failure", () => {
  const lines = recorded("server-error").lines;
  expect(diagnose({ exitCode: 0, transcript: transcriptOf(lines), stderrTail: "" })?.kind).toBe("provider-unavailable");
});

test("an exit with 0 and nothing printed is a failure", () => {
  expect(diagnose({ exitCode: 0, transcript: transcriptOf([]), stderrTail: "" })).toMatchObject({
    kind: "no-answer",
    message: "OpenCode ended without printing anything",
  });
});

test("an end in the middle of a turn is a failure", () => {
  const lines = recorded("two-steps").lines.slice(0, 5);
  expect(diagnose({ exitCode: 0, transcript: transcriptOf(lines), stderrTail: "" })?.kind).toBe("no-answer");
});

test("work without a closing word is no failure", () => {
  const tools = recorded("two-steps").lines.filter((line) => !line.includes('"type":"text"'));
  expect(diagnose({ exitCode: 0, transcript: transcriptOf(tools), stderrTail: "" })).toBeUndefined();
});

test("a crash without an error event tells the last line of stderr", () => {
  const stderrTail = "panic(main thread): Segmentation fault at address 0x0\noh no: Bun has crashed.\n";
  expect(diagnose({ exitCode: 132, transcript: transcriptOf([]), stderrTail })).toMatchObject({
    kind: "failed",
    message: "OpenCode ended with an error: oh no: Bun has crashed.",
  });
});

test("a crash without a word tells the exit code and what came last", () => {
  const lines = recorded("two-steps").lines.slice(0, 3);
  expect(diagnose({ exitCode: 139, transcript: transcriptOf(lines), stderrTail: "" })?.message).toBe(
    "OpenCode ended with exit code 139 without saying why; the last it told was: tool write completed",
  );
});

describe("other versions", () => {
  function read(name: string): string {
    const file = new URL(`../../test/fixtures/opencode/versions/${name}`, import.meta.url);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  function versionDiagnosis(name: string, exitCode: number): Diagnosis | undefined {
    return diagnose({
      exitCode,
      transcript: transcriptOf(read(`${name}.jsonl`).split("\n")),
      stderrTail: read(`${name}.stderr.txt`),
      lastLines: read(`${name}.stdout.txt`).split("\n"),
    });
  }

  test.each(["1.1.65-unknown-session", "1.3.2-unknown-session", "1.14.41-unknown-session", "1.1.65-bad-session-id"])(
    "a session that is not there is told with exit code 0 too: %s",
    (name) => expect(versionDiagnosis(name, 0)).toMatchObject({ kind: "unknown-session" }),
  );

  test("the reason stands in the older form of the log", () =>
    expect(versionDiagnosis("1.15.13-unknown-model", 1)).toMatchObject({ kind: "model-unknown" }));

  test("case 6: a usage in place of a run means an argument that this version does not know", () => {
    const diagnosis = versionDiagnosis("1.0.185-unknown-option", 1);
    expect(diagnosis).toMatchObject({ kind: "failed", hint: expect.stringContaining("extraArgs") });
    expect(diagnosis?.message).toContain("does not know an argument");
  });

  test.each([
    [
      'session.processor error=Rate limit reached for requests. stack="AI_APICallError"',
      "provider-quota",
      "Rate limit reached for requests.",
    ],
    [
      "session.processor error=Unable to connect. Is the computer able to access the url? process",
      "provider-unavailable",
      "Unable to connect.",
    ],
    [
      'llm small=false agent=build error={"error":{"name":"AI_APICallError","cause":{"code":"ConnectionRefused"},"requestBodyValues":{"messages":"secret api key"}}}',
      "provider-unavailable",
      "AI_APICallError: ConnectionRefused",
    ],
    ['llm small=true agent=title error={"error":{"name":"AI_APICallError"}}', "failed", "without saying why"],
    ["acp-command promise={} reason=Unable to connect. Unhandled rejection", "failed", "without saying why"],
  ])("the older log is read without what was asked: %s", (log, kind, words) => {
    const stderrTail = `ERROR 2026-11-25T17:48:39 +3486ms service=${log}\n`;
    const diagnosis = diagnose({ exitCode: 1, transcript: transcriptOf([]), stderrTail });
    expect(diagnosis?.kind).toBe(kind);
    expect(diagnosis?.message).toContain(words);
    expect(diagnosis?.message).not.toContain("secret");
  });

  test("notices of a first start are no reason", () => {
    const stderrTail =
      "Performing one time database migration, may take a few minutes...\nsqlite-migration:done\nDatabase migration complete.\n";
    expect(diagnose({ exitCode: 0, transcript: transcriptOf([]), stderrTail })?.kind).toBe("no-answer");
    expect(diagnose({ exitCode: null, transcript: transcriptOf([]), stderrTail })?.message).not.toContain("migration");
  });
});

test("case 5: the session that is not there is told by the words alone", () => {
  const run = { exitCode: 0, transcript: transcriptOf([]), stderrTail: "Session not found: ses_1\n" };
  expect(diagnose(run)?.kind).toBe("unknown-session");
});

test("what a run that answered has on stderr is no failure of it", () => {
  const { lines } = recorded("two-steps");
  const stderrTail = "Error: Session not found\nNotFoundError: Session not found: ses_1\n";
  expect(diagnose({ exitCode: 0, transcript: transcriptOf(lines), stderrTail })).toBeUndefined();
});

test.each([
  [
    "EACCES: permission denied, mkdir 'x'\n path: 'x',\n syscall: 'mkdir',\n errno: -13,\n code: 'EACCES'\n\n\nBun v1.3.14 (Linux x64 baseline)\n",
    "EACCES: permission denied, mkdir 'x'",
  ],
  [
    "12 | source\n     ^\nerror: ENOSPC: no space left on device, write\n      at open (/$bunfs/root/a.js:1:2)\n\nBun v1.3.14 (Linux x64)\n",
    "ENOSPC: no space left on device, write",
  ],
  [
    "TypeError: undefined is not an object\n    at main (a.js:1:1)\n\nBun v1.3.14\n",
    "TypeError: undefined is not an object",
  ],
  ["something went wrong\n\nBun v1.3.14 (Linux x64)\n", "something went wrong"],
])("case 9: a crash of Bun tells the error and not Bun's version: %j", (stderrTail, words) =>
  expect(diagnose({ exitCode: 1, transcript: transcriptOf([]), stderrTail })?.message).toBe(
    `${words.startsWith("E") ? "OpenCode cannot use a file or folder that it needs" : "OpenCode ended with an error"}: ${words}`,
  ),
);

describe("the advice about a permission is true", () => {
  const rejection = (name: string) =>
    diagnose({
      exitCode: 0,
      transcript: transcriptOf(recorded("permission-rejected").lines),
      stderrTail: `\u001b[93m\u001b[1m! \u001b[0mpermission requested: ${name} (x); auto-rejecting\n`,
    });

  test("case 4: a .env file is granted in OpenCode's config, not by a setting that is true already", () => {
    const hint = rejection("read")?.hint;
    expect(hint).not.toContain("dangerouslySkipPermissions");
    expect(JSON.parse(/\{.*\}/.exec(hint ?? "")?.[0] ?? "")).toEqual({ permission: { read: { "*.env": "allow" } } });
  });

  test("only a folder outside is granted by the setting", () => {
    expect(rejection("external_directory")?.hint).toContain("dangerouslySkipPermissions");
    for (const name of ["bash", "doom_loop", "edit"]) {
      expect(rejection(name)?.hint).not.toContain("dangerouslySkipPermissions");
      expect(rejection(name)?.hint).toContain(`"${name}"`);
    }
  });
});
