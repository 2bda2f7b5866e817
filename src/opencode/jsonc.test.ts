import stripJsonComments from "strip-json-comments";
import { expect, test } from "vitest";
import { seeded, textOf } from "../../test/support/random.ts";
import { readJsoncObject } from "./jsonc.ts";

test.each([
  ['{"a": 1}', { a: 1 }],
  ['// first\n{"a": 1, /* b */ "c": 2,}', { a: 1, c: 2 }],
  ['{"a": [1, 2, // last\n], }', { a: [1, 2] }],
  ['{"url": "http://x//y", "text": "a, } /* no */ \\" // no"}', { url: "http://x//y", text: 'a, } /* no */ " // no' }],
  ["{}", {}],
])("%j is read", (text, value) => expect(readJsoncObject(text)).toEqual({ kind: "object", value }));

test.each(["", "null", "[1]", "{", '{"a": }', "text"])("%j is not", (text) =>
  expect(readJsoncObject(text)).toMatchObject({ kind: "unreadable", why: expect.any(String) }),
);

test.each(['{"apiKey": sk-0123456789abcdef}', "sk-0123456789abcdef", '{"a": {"apiKey": "sk-0123456789"ab}}'])(
  "why %s cannot be read is said without a word of it",
  (text) => {
    const read = readJsoncObject(text);
    expect(read).toMatchObject({ kind: "unreadable", why: expect.stringMatching(/\w/) });
    expect(JSON.stringify(read)).not.toMatch(/sk-|0123|abcd/);
  },
);

test.each([
  ['{"model":"x", // one of {opus, sonnet}\n "share":"disabled"}', { model: "x", share: "disabled" }],
  ['{"a":1, /* [,] */ "b": [1, /* } */ ], /* x */ }', { a: 1, b: [1] }],
  ['{"a": 1, // x,\n\n // y\n}', { a: 1 }],
  [`{"a":1, ${"/".repeat(42)}\n}`, { a: 1 }],
])("case 17: a comment may hold brackets, commas and rules of slashes: %j", (text, value) =>
  expect(readJsoncObject(text)).toEqual({ kind: "object", value }),
);

test("what is wrong is named with its place", () => {
  expect(readJsoncObject('{"a": 1,\n "b" 2}')).toEqual({
    kind: "unreadable",
    why: "ColonExpected at line 2, column 6",
  });
  expect(readJsoncObject(`${"[".repeat(100_000)}`)).toEqual({ kind: "unreadable", why: "it has more than 100 levels" });
  expect(readJsoncObject(`{"a": "${"x".repeat(300_000)}"}`)).toMatchObject({ kind: "unreadable" });
  expect(readJsoncObject('{"__proto__": {"model": "x"}}')).toMatchObject({ kind: "unreadable" });
});

/** A value as JSON with comments and commas wherever they may stand. */
function written(value: unknown, random: () => number): string {
  const gaps = ["", "", " ", "\n", '// } , ] "\n', '/* , } " */', "/**/", "// \\\n", "/* // */"];
  const gap = () => gaps[Math.floor(random() * gaps.length)] ?? "";
  const comma = () => (random() < 0.3 ? "," : "");
  if (typeof value !== "object" || value === null) return `${gap()}${JSON.stringify(value)}${gap()}`;
  const inner = Array.isArray(value)
    ? value.map((part) => written(part, random))
    : Object.entries(value).map(([key, part]) => `${gap()}${JSON.stringify(key)}${gap()}:${written(part, random)}`);
  const body = inner.join(",") + (inner.length > 0 ? comma() : "") + gap();
  return `${gap()}${Array.isArray(value) ? `[${body}]` : `{${body}}`}${gap()}`;
}

function anyValue(random: () => number, depth: number): unknown {
  const plain = ["", "a", "//", "/* x */", ",}", '"', "\\", "\\\\", "\n", 0, -1.5, 1e21, true, null];
  const kind = depth > 3 ? 0 : Math.floor(random() * 3);
  if (kind === 0) return plain[Math.floor(random() * plain.length)];
  const parts = Array.from({ length: Math.floor(random() * 4) }, () => anyValue(random, depth + 1));
  return kind === 1 ? parts : Object.fromEntries(parts.map((part, index) => [`${plain[index]}${index}`, part]));
}

test("any object with comments and trailing commas is read as it was, and as a second library reads it", () => {
  const random = seeded(11);
  for (let round = 0; round < 3_000; round += 1) {
    const value = { key: anyValue(random, 0) };
    const text = written(value, random);
    expect(readJsoncObject(text), text).toEqual({ kind: "object", value });
    expect(JSON.parse(stripJsonComments(text, { trailingCommas: true })), text).toEqual(value);
  }
});

test("a text that a second library cannot read is not read either, and none of it is told", () => {
  const random = seeded(12);
  const pieces = ["{", "}", "[", "]", ",", ":", '"k"', '"', "//", "/*", "*/", "\n", "1", "secret", "\\", " "];
  for (let round = 0; round < 5_000; round += 1) {
    const text = `{${textOf(pieces, 10, random)}}`;
    const read = readJsoncObject(text);
    const second = secondOpinion(text);
    if (read.kind === "object") expect(read.value, text).toEqual(second);
    else expect(read.why).not.toMatch(/secret|"/);
  }
});

function secondOpinion(text: string): unknown {
  try {
    return JSON.parse(stripJsonComments(text, { trailingCommas: true }));
  } catch {
    return undefined;
  }
}
