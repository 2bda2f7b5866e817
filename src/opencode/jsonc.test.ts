import { expect, test } from "vitest";
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

test("a long line of slashes and quotes is read in no time", () => {
  const text = `{"a": "${"/".repeat(200_000)}"}`;
  const start = performance.now();
  expect(readJsoncObject(text).kind).toBe("object");
  expect(performance.now() - start).toBeLessThan(1_000);
});
