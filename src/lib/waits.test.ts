import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { backoffMs } from "./backoff.ts";
import { bounded, TimeUp } from "./bounded.ts";
import { messageOf } from "./message.ts";
import { longestTimerMs, sleep } from "./sleep.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("sleep", () => {
  test("ends after its time and leaves nothing behind", async () => {
    const { signal } = new AbortController();
    const sleeping = sleep(1_000, signal);
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(sleeping).resolves.toBeUndefined();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("wakes at once with the reason when it is aborted, and its timer goes", async () => {
    const controller = new AbortController();
    const sleeping = sleep(60_000, controller.signal);
    controller.abort(new Error("cancelled"));
    await expect(sleeping).rejects.toThrow("cancelled");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("does not begin when it is too late", async () => {
    await expect(sleep(1, AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("lasts longer than one timer can hold, and ends then", async () => {
    const { signal } = new AbortController();
    let over = false;
    const sleeping = sleep(2 * longestTimerMs + 5, signal).then(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(2 * longestTimerMs + 4);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await sleeping;
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("of more than a timer can hold wakes when it is aborted, wherever it is", async () => {
    const controller = new AbortController();
    const sleeping = sleep(Number.POSITIVE_INFINITY, controller.signal);
    await vi.advanceTimersByTimeAsync(longestTimerMs + 1_000);
    controller.abort(new Error("cancelled"));
    await expect(sleeping).rejects.toThrow("cancelled");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a bounded signal", () => {
  test("ends when its time is up, and tells that from an abort", async () => {
    const outer = new AbortController();
    const late = bounded(outer.signal, 100);
    await vi.advanceTimersByTimeAsync(100);
    expect(late.signal.reason).toBeInstanceOf(TimeUp);
    expect(late.timeUp()).toBe(true);
    const cancelled = bounded(outer.signal, 100);
    outer.abort(new Error("cancelled"));
    expect(cancelled.signal.reason).toMatchObject({ message: "cancelled" });
    expect(cancelled.timeUp()).toBe(false);
    cancelled.done();
  });

  test("holds no timer and no listener once its work is done", () => {
    const { signal } = new AbortController();
    for (let work = 0; work < 1_000; work++) bounded(signal, 60_000).done();
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("with a bound longer than a timer can hold is not over at once", async () => {
    const bound = bounded(new AbortController().signal, 2 ** 40);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(bound.signal.aborted).toBe(false);
    bound.done();
  });

  test("of a signal that was aborted before is aborted", () => {
    const bound = bounded(AbortSignal.abort(new Error("before")), 100);
    expect(bound.signal.reason).toMatchObject({ message: "before" });
    bound.done();
  });
});

test("waits between tries grow, stay within their limit and never become nothing", () => {
  for (let attempt = 0; attempt < 2_000; attempt++) {
    const ms = backoffMs(attempt, { firstMs: 200, maxMs: 3_000 });
    expect(ms).toBeGreaterThanOrEqual(Math.min(3_000, 200 * 2 ** Math.min(attempt, 20)) / 2);
    expect(ms).toBeLessThanOrEqual(3_000);
  }
});

test("a message has its causes in it, each once", () => {
  const cause = new Error("ECONNREFUSED 10.96.0.1:443");
  expect(messageOf(new Error("fetch failed", { cause }))).toBe("fetch failed: ECONNREFUSED 10.96.0.1:443");
  expect(messageOf(new Error("it said ECONNREFUSED 10.96.0.1:443", { cause }))).toBe(
    "it said ECONNREFUSED 10.96.0.1:443",
  );
  expect(messageOf("text")).toBe("text");
  expect(messageOf(new TypeError(""))).toBe("TypeError");
});
