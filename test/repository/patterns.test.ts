import { expect, test } from "vitest";
import { readText, sources } from "./architecture/source.ts";

/**
 * Every pattern of `src` meets texts made to be slow for it. A pattern that takes the square of a text's length holds
 * the whole server: 60 kB were enough for seconds.
 */

/** Patterns that are slow on long texts and never meet one, with the reason. Nothing else may be here. */
const shortOnly: Readonly<Record<string, string>> = {
  "[^A-Za-z0-9]+$": "labelValue cuts to 40 characters before",
  "^[^A-Za-z0-9]+|[^A-Za-z0-9]+$": "labelValue cuts to 200 characters before",
  "\\$\\$|\\$\\(([^)]*)\\)": "fillIn cuts after the last closing parenthesis before, so each search finds one",
  "^-+|-+$": "slug cuts to its length before",
  "(\\d+(?:\\.\\d+)?)\\s*(ms|s|m|h|d)": "durationMs cuts to 100 characters before",
};

const length = 40_000;
/** A linear pattern takes 0.2 ms for such a text, a quadratic one 80 ms and more. */
const limitMs = 20;

interface Pattern {
  file: string;
  source: string;
  flags: string;
}

const literal =
  /(?<=(?:[(,=:[!&|?{};>]|\breturn)\s*)\/(?![*/])((?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([dgimsuvy]*)(?![\w/])/g;

function patternsOf(file: string): Pattern[] {
  const code = readText(file).replace(/^\s*(?:\/\/|\/?\*).*$/gm, "");
  return [...code.matchAll(literal)]
    .map(([, source = "", flags = ""]) => ({ file, source, flags }))
    .filter(({ source, flags }) => isPattern(source, flags));
}

/** What stands between two slashes of a template is mostly none. */
function isPattern(source: string, flags: string): boolean {
  try {
    return new RegExp(source, flags).source !== "";
  } catch {
    return false;
  }
}

const nasty = [
  "a",
  "A",
  "0",
  " ",
  "\n",
  "-",
  ".",
  "_",
  "/",
  '"',
  "'",
  "\\",
  "$",
  "$(",
  ")",
  "[",
  "\u001b",
  "\u001b[",
  ":",
  "=",
  ",",
  "@",
  "1s ",
];

/** Words that the pattern itself looks for, and the usual suspects. */
function tokensFor({ source }: Pattern): string[] {
  const words =
    source
      .replaceAll(/\\[nrtsSdDwWbB]|\\u[0-9a-f]{4}|\[[^\]]*\]|\{\d+,?\d*\}/g, "|")
      .match(/[A-Za-z0-9 =:/._-]{2,}/g) ?? [];
  return [...new Set([...words.slice(0, 12), ...nasty])];
}

/** What an anchored pattern wants to see first, so that the rest of it is reached. */
function headOf({ source }: Pattern): string {
  return /^\^\(?([A-Za-z0-9 =:-]+)/.exec(source)?.[1] ?? "";
}

/** The token again and again, alone, after another and in turn with another; with an end that fits nothing, and without. */
function* textsFor(pattern: Pattern): Generator<string> {
  const tokens = tokensFor(pattern);
  const head = headOf(pattern);
  const many = (token: string) => token.repeat(Math.ceil(length / token.length));
  for (const first of tokens) {
    yield many(first);
    yield `${head}${many(first)} \u0001`;
    for (const second of tokens) {
      if (second === first) continue;
      yield `${head}${first}${many(second)}\u0001`;
      yield `${head}${many(first + second)} \u0001`;
    }
  }
}

function msOf({ source, flags }: Pattern, text: string): number {
  const pattern = new RegExp(source, flags.includes("g") ? flags : `${flags}g`);
  const start = performance.now();
  text.replace(pattern, "");
  return performance.now() - start;
}

const patterns = sources().flatMap(patternsOf);

test("the patterns of src are found", () => {
  expect(patterns.length).toBeGreaterThan(80);
  expect(patterns.map(({ source }) => source)).toContain("^opencode missing$");
});

/** The beginning of a text for which the pattern is slow; undefined if none was found. */
function slowText(pattern: Pattern): string | undefined {
  for (const text of textsFor(pattern)) {
    // Best of three: a machine that is busy elsewhere is slow once.
    if (msOf(pattern, text) > limitMs && msOf(pattern, text) > limitMs && msOf(pattern, text) > limitMs) {
      return JSON.stringify(text.slice(0, 30));
    }
  }
  return undefined;
}

test("no pattern of src takes the square of a text's length", { timeout: 60_000 }, () => {
  const slow = patterns
    .filter(({ source }) => !Object.hasOwn(shortOnly, source))
    .map((pattern) => ({ pattern, text: slowText(pattern) }))
    .filter(({ text }) => text !== undefined);
  expect(slow.map(({ pattern, text }) => `${pattern.file}: /${pattern.source}/ with ${text}`)).toEqual([]);
});

test.each(["\\/+$", "\\s*\\n\\s*", "\\$\\(([^)]*)\\)", "config .*invalid", "^offer (\\S+\\/\\S+)$"])(
  "a slow pattern is found: %s",
  { timeout: 60_000 },
  (source) => expect(slowText({ file: "", source, flags: "" })).toBeDefined(),
);

test("every exception is still one", () => {
  expect(Object.keys(shortOnly).filter((source) => !patterns.some((pattern) => pattern.source === source))).toEqual([]);
});
