import { expect, test } from "vitest";
import { knownFailures } from "./known-failure.ts";

const samples = knownFailures.flatMap((failure) => failure.samples.map((sample) => [sample, failure.kind] as const));

test.each(samples)("%j is first met by %s", (sample, kind) => {
  expect(knownFailures.find(({ pattern }) => pattern.test(sample))?.kind).toBe(kind);
});

test("every failure has a sample, and no kind stands twice", () => {
  expect(knownFailures.every((failure) => failure.samples.length > 0)).toBe(true);
  expect(new Set(knownFailures.map(({ kind }) => kind)).size).toBe(knownFailures.length);
});
