import { describe, expect, test } from "vitest";
import { readRetryAfter } from "./retry-after.ts";

describe("Retry-After", () => {
  test.each([
    ["1", 1_000],
    ["0.5", 500],
    [["2", "9"], 2_000],
    [7, 7_000],
    ["3600", 60_000],
    ["1e30", 60_000],
  ])("%j: is waited for, a minute at most, and not by all alike", (given, leastMs) => {
    const waits = Array.from({ length: 200 }, () => readRetryAfter(given) ?? 0);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(leastMs);
    expect(Math.max(...waits)).toBeLessThanOrEqual(leastMs * 1.25);
    expect(new Set(waits).size).toBeGreaterThan(100);
  });

  test.each([undefined, null, "", "0", "-1", 0, Number.NaN, {}, [], true, "Wed, 21 Oct 2026 07:28:00 GMT"])(
    "%j names no number of seconds",
    (given) => expect(readRetryAfter(given)).toBeUndefined(),
  );
});
