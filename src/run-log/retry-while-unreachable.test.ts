import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { apiError } from "../../test/support/memory-cluster.ts";
import { heardLog } from "../../test/support/run-parts.ts";
import { retryWhileUnreachable } from "./retry-while-unreachable.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A call that takes its time, as one does whose answer does not come, until the API is back. */
function stage({ callMs = 0 } = {}) {
  const log = heardLog();
  const controller = new AbortController();
  const api = { away: true, calls: 0 };
  const end = retryWhileUnreachable("list the agent's Jobs", { log, signal: controller.signal }, async () => {
    api.calls++;
    await new Promise((resolve) => setTimeout(resolve, callMs));
    if (api.away) throw apiError("unreachable", "connection reset");
    return "an answer";
  });
  return { api, controller, end, said: log.said };
}

describe("while the API is away", () => {
  test("the run's log says so at once, about once a minute for how long, and when it is back", async () => {
    const { api, end, said } = stage({ callMs: 30_000 });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(said).toEqual(["connection reset; still trying to list the agent's Jobs"]);
    await vi.advanceTimersByTimeAsync(8 * 60_000);
    const times = said.slice(1).map((line) => Number(/, for (\d+) min now$/.exec(line)?.[1]));
    expect(times.length).toBeGreaterThan(4);
    expect(times.length).toBeLessThanOrEqual(8);
    expect(times).toEqual(times.toSorted((left, right) => left - right));
    expect(times.at(-1)).toBeGreaterThanOrEqual(7);
    api.away = false;
    await vi.advanceTimersByTimeAsync(60_000);
    await expect(end).resolves.toBe("an answer");
    expect(said.at(-1)).toBe("the Kubernetes API answers again (list the agent's Jobs)");
  });

  test("a short outage is said once, however often it is asked", async () => {
    const { api, end, said } = stage();
    await vi.advanceTimersByTimeAsync(50_000);
    expect(api.calls).toBeGreaterThan(5);
    expect(said).toHaveLength(1);
    api.away = false;
    await vi.advanceTimersByTimeAsync(20_000);
    await end;
  });

  test("an outage that lasts ten minutes has an end, with the API's own error", async () => {
    const { end, said } = stage();
    const startMs = Date.now();
    const ended = end.catch((error: unknown) => ({ error, afterMs: Date.now() - startMs }));
    await vi.advanceTimersByTimeAsync(60 * 60_000);
    const { error, afterMs } = (await ended) as { error: unknown; afterMs: number };
    expect(error).toMatchObject({ kind: "unreachable", message: "connection reset" });
    expect(afterMs).toBeGreaterThanOrEqual(10 * 60_000);
    expect(afterMs).toBeLessThan(11 * 60_000);
    expect(said.at(-1)).toMatch(/still trying to list the agent's Jobs, for \d+ min now$/);
  });

  test("an end of the run ends the wait", async () => {
    const { controller, end } = stage();
    await vi.advanceTimersByTimeAsync(50_000);
    controller.abort(new Error("cancelled"));
    await expect(end).rejects.toThrow("cancelled");
  });
});

test("an API that answers is not spoken of", async () => {
  const log = heardLog();
  const { signal } = new AbortController();
  expect(await retryWhileUnreachable("look", { log, signal }, async () => 1)).toBe(1);
  await expect(
    retryWhileUnreachable("look", { log, signal }, () => Promise.reject(apiError("denied"))),
  ).rejects.toThrow("denied");
  expect(log.said).toEqual([]);
});
