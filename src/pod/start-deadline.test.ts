import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StartDeadline } from "./start-deadline.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function messageAfter(pendingMs: number): string | undefined {
  const deadline = new StartDeadline({ pendingMs });
  vi.advanceTimersByTime(pendingMs);
  return deadline.failure("a node", "k8s_pod_unschedulable")?.message;
}

test.each([
  [20_000, "20 seconds"],
  [400, "1 second"],
  [60_000, "1 minute"],
  [90_000, "90 seconds"],
  [15 * 60_000, "15 minutes"],
])("a limit of %i ms is told as %s, never as 0 minutes", (pendingMs, spelled) => {
  expect(messageAfter(pendingMs)).toBe(`The pod did not start within ${spelled}; it waited for a node`);
});

test("before its time is up there is no failure", () => {
  expect(new StartDeadline({ pendingMs: 60_000 }).failure("a node", "k8s_pod_unschedulable")).toBeUndefined();
});
