import { expect, test } from "vitest";
import { boundedJson, jsonExcess } from "./json.ts";

const limits = { depth: 3, nodes: 10, characters: 20 };
const nested = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);

test.each([1, "text", null, [], {}, { a: { b: [1, 2] } }, [[["x"]]]])("%j keeps to the limits", (value) =>
  expect(jsonExcess(value, limits)).toBeUndefined(),
);

test.each<[unknown, string]>([
  [[[[[]]]], "depth"],
  [nested(100_000), "depth"],
  [Array.from({ length: 11 }), "nodes"],
  [{ a: [1, 2, 3, 4], b: [1, 2, 3, 4] }, "nodes"],
  ["x".repeat(21), "characters"],
  [{ ["k".repeat(21)]: 1 }, "characters"],
  [["x".repeat(11), "x".repeat(10)], "characters"],
])("what is over a limit is told by the limit: %#", (value, what) =>
  expect(jsonExcess(value, limits)).toEqual({ what, limit: limits[what as keyof typeof limits] }),
);

test("a value that contains itself has an end", () => {
  const self: unknown[] = [];
  self.push(self);
  expect(jsonExcess(self, limits)?.what).toBe("depth");
});

test("a value within the limits is given back as it is, else a copy without what is too deep or too much", () => {
  const value = { a: [1] };
  expect(boundedJson(value, limits)).toBe(value);
  expect(boundedJson([[[[1]]], "x"], limits)).toEqual([[["[left out: too large]"]], "x"]);
  expect(() => JSON.stringify(boundedJson(nested(100_000), limits))).not.toThrow();
  expect(
    JSON.stringify(
      boundedJson(
        Array.from({ length: 5_000 }, () => [1]),
        limits,
      ),
    ).length,
  ).toBeLessThan(300);
});
