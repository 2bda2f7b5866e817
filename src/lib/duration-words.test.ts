import { expect, test } from "vitest";
import { durationWords } from "./duration-words.ts";

test.each([
  [400, "1 second"],
  [20_000, "20 seconds"],
  [60_000, "1 minute"],
  [90_000, "90 seconds"],
  [15 * 60_000, "15 minutes"],
])("%i ms are told as %s", (ms, words) => {
  expect(durationWords(ms)).toBe(words);
});
