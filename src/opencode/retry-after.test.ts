import { expect, test } from "vitest";
import { retryAfterFromHeaders, retryAfterFromMessage } from "./retry-after.ts";

const now = Date.parse("2026-11-23T22:00:00Z");

test.each([
  [{ "retry-after": "20" }, 20_000],
  [{ "Retry-After": "1.5" }, 1_500],
  [{ "retry-after": "Mon, 23 Nov 2026 22:01:00 GMT" }, 60_000],
  [{ "retry-after": "Mon, 23 Nov 2026 21:00:00 GMT" }, 0],
  [{ "retry-after-ms": "250", "retry-after": "20" }, 250],
  [{ "x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s" }, 360_000],
  [{ "anthropic-ratelimit-requests-reset": "2026-11-23T22:00:30Z" }, 30_000],
  [{ "x-ratelimit-reset": String(now + 5_000) }, 5_000],
  [{ "x-ratelimit-reset": String(now / 1_000 + 7) }, 7_000],
])("%j asks to wait %d ms", (headers, ms) => expect(retryAfterFromHeaders(headers, now)).toBe(ms));

test.each([{}, { "retry-after": "soon" }, { "retry-after": 7 }, { date: "Mon, 23 Nov 2026 22:01:00 GMT" }])(
  "%j asks for nothing",
  (headers) => expect(retryAfterFromHeaders(headers, now)).toBeUndefined(),
);

test.each([
  ["Rate limit reached for gpt-5.5. Please try again in 6m0s.", 360_000],
  ["Please try again in 20ms. Visit the page", 20],
  ["Please retry in 38.5s.", 38_500],
])("%j asks to wait %d ms", (message, ms) => expect(retryAfterFromMessage(message)).toBe(ms));

test("a message without a time asks for nothing", () => {
  expect(retryAfterFromMessage("Please try again later in the day.")).toBeUndefined();
});

test("the first time in a message counts, whatever stands before it", () => {
  expect(retryAfterFromMessage("Do not retry in anger. Try again in 1m 30s.")).toBe(90_000);
  expect(retryAfterFromMessage("retry in ".repeat(10_000))).toBeUndefined();
});

test.each([
  { "retry-after": "1e999" },
  { "retry-after-ms": "Infinity" },
  { "x-ratelimit-reset": `${"9".repeat(99)}d`.repeat(2) },
])("%j is no time", (headers) => expect(Number.isFinite(retryAfterFromHeaders(headers, now) ?? 0)).toBe(true));
