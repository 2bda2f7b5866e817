import { expect, test } from "vitest";
import { storable, storableText } from "./storable-text.ts";

test.each([
  ["a\0b", "a\ufffdb"],
  ["half \ud83d and \ude00", "half \ufffd and \ufffd"],
  ["whole \ud83d\ude00", "whole \ud83d\ude00"],
  ["\ude00\ud83d", "\ufffd\ufffd"],
  ["", ""],
])("%j is stored as %j", (text, stored) => expect(storableText(text)).toBe(stored));

test("texts and keys of a value are cleaned at every level, and nothing else changes", () => {
  const value = { "k\0": ["\ud83d", { deep: "\0", n: 1, t: true, none: null }], same: "ä" };
  expect(storable(value)).toEqual({ "k\ufffd": ["\ufffd", { deep: "\ufffd", n: 1, t: true, none: null }], same: "ä" });
});

test("a key named __proto__ stays a key", () => {
  const stored = storable(JSON.parse('{"__proto__": {"a": 1}}'));
  expect(Object.keys(stored)).toEqual(["__proto__"]);
});

test("what is deeper than anything that is stored ends in null", () => {
  const deep: unknown = JSON.parse(`${"[".repeat(5_000)}${"]".repeat(5_000)}`);
  expect(JSON.stringify(storable(deep))).toContain("null");
});
