import { describe, expect, test } from "vitest";
import { compareQuantities, isQuantity } from "./quantity.ts";

describe("isQuantity", () => {
  test.each(["0", "1", "1.5", ".5", "1.", "500m", "2Gi", "128974848", "129e6", "129M", "1E", "1E3", "1e-3", "3Ei"])(
    "takes %s",
    (text) => expect(isQuantity(text)).toBe(true),
  );
  test.each(["", "Gi", "2 Gi", "2GB", "2gi", "-1", "1,5", "1.2.3", "0x10", "1e999", "ten"])("refuses %s", (text) =>
    expect(isQuantity(text)).toBe(false),
  );
});

describe("compareQuantities", () => {
  test.each([
    ["1", "1000m"],
    ["1.1", "1100m"],
    ["1Gi", "1024Mi"],
    ["1k", "1e3"],
    ["1E", "1000P"],
    ["0.5", ".5"],
  ])("finds %s and %s equal", (left, right) => {
    expect(compareQuantities(left, right)).toBe(0);
  });
  test.each([
    ["999m", "1"],
    ["1G", "1Gi"],
    ["8Gi", "8.1Gi"],
    ["1u", "1m"],
    ["0", "1n"],
  ])("finds %s less than %s", (left, right) => {
    expect(compareQuantities(left, right)).toBe(-1);
    expect(compareQuantities(right, left)).toBe(1);
  });
  test("rounds up what is finer than Kubernetes keeps", () => {
    expect(compareQuantities("0.1n", "1n")).toBe(0);
  });
  test("throws for what is no quantity", () => {
    expect(() => compareQuantities("1", "much")).toThrow("Not a quantity: much");
  });
});
