import { expect, test } from "vitest";
import { parseEnvLines } from "./env-lines.ts";
import { isEnvName } from "./env-name.ts";
import { isReservedLabel } from "./reserved-labels.ts";
import { splitShellWords } from "./shell-words.ts";
import { parseKeyValueLines, parseYaml } from "./text.ts";

test("key=value lines skip blanks and comments, and keep later equals signs", () => {
  expect(parseKeyValueLines("# nodes\n\n disk = ssd \r\na=b=c\n")).toEqual({
    ok: true,
    value: { disk: "ssd", a: "b=c" },
  });
});

test("a line without a key is named", () => {
  expect(parseKeyValueLines("a=b\n=c")).toEqual({ ok: false, reason: 'the line "=c" has no key before a "="' });
});

test("YAML as text keeps scalars as they were written", () => {
  expect(parseYaml("a: true\nb: 1.10", "text")).toEqual({ ok: true, value: { a: "true", b: "1.10" } });
  expect(parseYaml("a: true\nb: 1.10")).toEqual({ ok: true, value: { a: true, b: 1.1 } });
});

test("YAML that cannot be read says where", () => {
  expect(parseYaml("a: 1\nb: [")).toEqual({ ok: false, reason: expect.stringContaining("in line 2, column 5") });
  expect(parseYaml("---\na: 1\n---\nb: 2").ok).toBe(false);
});

test("indented JSON is read too", () => {
  expect(parseYaml('{\n\t"a": [1, "b"]\n}')).toEqual({ ok: true, value: { a: [1, "b"] } });
});

test.each([
  ["", []],
  ["--print-logs --log-level DEBUG", ["--print-logs", "--log-level", "DEBUG"]],
  ["--print-logs, --agent=build", ["--print-logs", "--agent=build"]],
  ["--a,--b,-c", ["--a", "--b", "-c"]],
  ["--models=a,b --x", ["--models=a,b", "--x"]],
  [`--title "two words" 'it is' a\\ b`, ["--title", "two words", "it is", "a b"]],
  [`--title="say \\"hi\\""`, [`--title=say "hi"`]],
  [`'a\\b' "c\\d"`, ["a\\b", "c\\d"]],
  ["\n --a \n --b \n", ["--a", "--b"]],
  [`""`, [""]],
])("%j is split like a shell's words", (text, words) => {
  expect(splitShellWords(text)).toEqual({ ok: true, value: words });
});

test.each([`--title "open`, "it's", "end\\"])("%j has no end", (text) => {
  expect(splitShellWords(text).ok).toBe(false);
});

test("environment lines keep blanks and equals signs of a value", () => {
  expect(parseEnvLines("# c\nA= b =c \nB=")).toEqual({
    ok: true,
    value: [
      ["A", " b =c "],
      ["B", ""],
    ],
  });
  expect(parseEnvLines("A=1\nsecret")).toEqual({ ok: false, reason: 'line 2 has no "="' });
});

test.each([
  ["PATH", true],
  ["_x1", true],
  ["1A", false],
  ["a-b", false],
  ["a.b", false],
  ["", false],
  ["a b", false],
])("as a variable's name, %s is %s", (text, valid) => {
  expect(isEnvName(text)).toBe(valid);
});

test.each([
  ["paperclip.io/run-id", true],
  ["app.kubernetes.io/managed-by", true],
  ["app.kubernetes.io/component", true],
  ["batch.kubernetes.io/job-name", true],
  ["job-name", true],
  ["app.kubernetes.io/name", false],
  ["kueue.x-k8s.io/queue-name", false],
  ["team", false],
])("the label %s is reserved: %s", (key, reserved) => {
  expect(isReservedLabel(key)).toBe(reserved);
});
