import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { open } from "../../test/support/run-parts.ts";
import { OutputProgress } from "./output-progress.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => void vi.useRealTimers());

const limits = { readMs: 30_000, writeMs: 300_000 };

function watch(progress: OutputProgress) {
  const watched = { stopped: false };
  void progress.stops(limits, open()).then(() => {
    watched.stopped = true;
  });
  return watched;
}

test("a log without a line stands still after its time, counted from when somebody asks", async () => {
  const progress = new OutputProgress();
  await vi.advanceTimersByTimeAsync(60_000);
  const watched = watch(progress);
  await vi.advanceTimersByTimeAsync(29_000);
  expect(watched.stopped).toBe(false);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(watched.stopped).toBe(true);
});

test("a log that is written slowly moves, however long it takes", async () => {
  const progress = new OutputProgress();
  const watched = watch(progress);
  for (let piece = 0; piece < 10; piece++) {
    progress.update("writing");
    await vi.advanceTimersByTimeAsync(100_000);
    progress.update("reading");
  }
  expect(watched.stopped).toBe(false);
});

test("a call of Paperclip's log that never comes back has an end", async () => {
  const progress = new OutputProgress();
  const watched = watch(progress);
  progress.update("writing");
  await vi.advanceTimersByTimeAsync(299_000);
  expect(watched.stopped).toBe(false);
  await vi.advanceTimersByTimeAsync(32_000);
  expect(watched.stopped).toBe(true);
});

test("a connection that is lost again and again is no progress", async () => {
  const progress = new OutputProgress();
  const watched = watch(progress);
  for (let turn = 0; turn < 4; turn++) {
    await vi.advanceTimersByTimeAsync(8_000);
    progress.update("disconnected");
  }
  expect(watched.stopped).toBe(true);
});
