import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { heardLog } from "../../test/support/run-parts.ts";
import { SayAtIntervals, sayUntilStopped } from "./say-at-intervals.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test("the first line comes at once, the next after the interval, with the minutes that have gone", async () => {
  const log = heardLog();
  const waits = new SayAtIntervals(log, { everyMs: 60_000 });
  for (let second = 0; second <= 150; second++) {
    await waits.say((minutes) => `${second} s, ${minutes} min`);
    vi.advanceTimersByTime(1_000);
  }
  expect(log.said).toEqual(["0 s, 0 min", "60 s, 1 min", "120 s, 2 min"]);
});

test("the first line may be due later, and nothing is due before", async () => {
  const log = heardLog();
  const waits = new SayAtIntervals(log, { everyMs: 60_000, firstAfterMs: 30_000 });
  expect(waits.isDueFor("a node")).toBe(false);
  await waits.say(() => "too early");
  vi.advanceTimersByTime(30_000);
  expect(waits.isDueFor("a node")).toBe(true);
  await waits.say(() => "in time");
  expect(waits.isDueFor("a node")).toBe(false);
  expect(log.said).toEqual(["in time"]);
});

test("a wait for something else is said without waiting for the interval, but not at every change", async () => {
  const log = heardLog();
  const waits = new SayAtIntervals(log, { everyMs: 60_000, firstAfterMs: 8_000, changedAfterMs: 8_000 });
  const lookAt = async (reason: string) => {
    if (waits.isDueFor(reason)) await waits.say(() => reason);
  };
  for (const [ms, reason] of [
    [8_000, "a node"],
    [2_000, "an image"],
    [6_000, "an image"],
    [9_000, "an image"],
    [1_000, "a volume"],
  ] as const) {
    vi.advanceTimersByTime(ms);
    await lookAt(reason);
  }
  expect(log.said).toEqual(["a node", "an image", "a volume"]);
});

test("a wait that looks at nothing says so at once and at each interval until it is stopped", () => {
  const log = heardLog();
  let left = 3;
  const stop = sayUntilStopped(log, 1_000, () => `${left--} ahead`);
  vi.advanceTimersByTime(2_500);
  stop();
  vi.advanceTimersByTime(60_000);
  expect(log.said).toEqual(["3 ahead", "2 ahead", "1 ahead"]);
  expect(vi.getTimerCount()).toBe(0);
});
