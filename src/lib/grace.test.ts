import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Grace } from "./grace.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test("refusals count once they have lasted for the whole grace", () => {
  const grace = new Grace(1_000);
  expect(grace.noteRefusal()).toBe(false);
  vi.advanceTimersByTime(999);
  expect(grace.noteRefusal()).toBe(false);
  vi.advanceTimersByTime(1);
  expect(grace.noteRefusal()).toBe(true);
});

test("a success between them begins a new series", () => {
  const grace = new Grace(1_000);
  grace.noteRefusal();
  vi.advanceTimersByTime(900);
  grace.noteSuccess();
  expect(grace.noteRefusal()).toBe(false);
  vi.advanceTimersByTime(900);
  expect(grace.noteRefusal()).toBe(false);
  vi.advanceTimersByTime(100);
  expect(grace.noteRefusal()).toBe(true);
});

test("refusals far apart are two series where that is asked for, and one where it is not", () => {
  const [apart, one] = [new Grace(1_000, { unrelatedMs: 5_000 }), new Grace(1_000)];
  apart.noteRefusal();
  one.noteRefusal();
  vi.advanceTimersByTime(5_001);
  expect(apart.noteRefusal()).toBe(false);
  expect(one.noteRefusal()).toBe(true);
});

test("without a grace the first refusal counts", () => {
  expect(new Grace(0).noteRefusal()).toBe(true);
});
