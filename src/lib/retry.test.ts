import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type RetryOptions, retry } from "./retry.ts";

class Passing extends Error {
  readonly afterMs: number | undefined;
  constructor(afterMs?: number) {
    super("busy");
    this.afterMs = afterMs;
  }
}

const isPassing = (error: unknown): error is Passing => error instanceof Passing;
const options = (more: Partial<RetryOptions<Passing>> = {}): RetryOptions<Passing> => ({
  signal: new AbortController().signal,
  isRetryable: isPassing,
  backoff: { firstMs: 100, maxMs: 1_000 },
  ...more,
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A call that fails so often, and when it was made. */
function failing(times: number, error: Error = new Passing()) {
  const madeAtMs: number[] = [];
  const startMs = Date.now();
  return {
    madeAtMs,
    call: async () => {
      madeAtMs.push(Date.now() - startMs);
      if (madeAtMs.length <= times) throw error;
      return "an answer";
    },
  };
}

test("a call that succeeds is made once", async () => {
  const { call, madeAtMs } = failing(0);
  expect(await retry(call, options())).toBe("an answer");
  expect(madeAtMs).toEqual([0]);
});

test("a call that fails is repeated with growing waits up to the longest, and each repeat is reported", async () => {
  const { call, madeAtMs } = failing(8);
  const reported: string[] = [];
  const end = retry(call, options({ onRetry: (error) => void reported.push(error.message) }));
  await vi.runAllTimersAsync();
  expect(await end).toBe("an answer");
  expect(reported).toEqual(Array.from({ length: 8 }, () => "busy"));
  const waits = madeAtMs.slice(1).map((atMs, index) => atMs - (madeAtMs[index] ?? 0));
  for (const [attempt, waitMs] of waits.entries()) {
    expect(waitMs).toBeLessThanOrEqual(Math.min(1_000, 100 * 2 ** attempt) + 1);
    expect(waitMs).toBeGreaterThanOrEqual(Math.min(1_000, 100 * 2 ** attempt) / 2 - 1);
  }
});

test("the wait that the other side asks for is kept where it is the longer one", async () => {
  const { call, madeAtMs } = failing(1, new Passing(7_000));
  const end = retry(call, options({ retryAfterMs: ({ afterMs }) => afterMs }));
  await vi.runAllTimersAsync();
  await end;
  expect(madeAtMs).toEqual([0, 7_000]);
});

describe("ends at once", () => {
  test("with an error that is not retryable", async () => {
    const { call, madeAtMs } = failing(1, new Error("refused"));
    await expect(retry(call, options())).rejects.toThrow("refused");
    expect(madeAtMs).toHaveLength(1);
  });

  test("with the call's own error when the signal is aborted by then", async () => {
    const { call, madeAtMs } = failing(1);
    await expect(retry(call, options({ signal: AbortSignal.abort(new Error("over")) }))).rejects.toThrow("busy");
    expect(madeAtMs).toHaveLength(1);
  });

  test("with the signal's reason when it is aborted during a wait", async () => {
    const controller = new AbortController();
    const end = retry(failing(9).call, options({ signal: controller.signal }));
    const ended = expect(end).rejects.toThrow("cancelled");
    await vi.advanceTimersByTimeAsync(10);
    controller.abort(new Error("cancelled"));
    await ended;
    expect(vi.getTimerCount()).toBe(0);
  });

  test("with what the report of a repeat throws", async () => {
    const { call, madeAtMs } = failing(9);
    const onRetry = () => Promise.reject(new Error("enough"));
    await expect(retry(call, options({ onRetry }))).rejects.toThrow("enough");
    expect(madeAtMs).toHaveLength(1);
  });
});
