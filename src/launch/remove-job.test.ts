import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { apiError } from "../../test/support/memory-cluster.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { removeJob } from "./remove-job.ts";

const ref = { namespace: "agents", name: "job-1" };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A cluster whose deletes fail like this, one after the other; then the Job is deleted. */
function refusing(errors: Error[]) {
  const deletes: number[] = [];
  const cluster: Pick<Cluster, "delete"> = {
    delete: async () => {
      deletes.push(Date.now());
      const error = errors.length > 1 ? errors.shift() : errors[0];
      if (error) throw error;
      return true;
    },
  };
  return { cluster, deletes };
}

const denied = () => apiError("denied");

test("a right that is refused for a moment is waited for", async () => {
  const errors = [denied(), apiError("unauthorized"), denied()];
  const { cluster } = refusing(errors);
  const refused: Error[] = [];
  const removed = removeJob(cluster, ref, { refused: (error) => refused.push(error) });
  await vi.advanceTimersByTimeAsync(5_000);
  errors.length = 0;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await removed).toBe(true);
  expect(refused.length).toBeGreaterThan(2);
});

test("a right that is refused for a minute is not waited for any longer", async () => {
  const { cluster, deletes } = refusing([denied()]);
  const removed = expect(removeJob(cluster, ref)).rejects.toMatchObject({ kind: "denied" });
  await vi.advanceTimersByTimeAsync(90_000);
  await removed;
  expect((deletes.at(-1) ?? 0) - (deletes[0] ?? 0)).toBeGreaterThanOrEqual(60_000);
});

test("an outage of the API before it does not use up a refusal's minute", async () => {
  const errors = [apiError("unreachable")];
  const { cluster } = refusing(errors);
  const removed = removeJob(cluster, ref);
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  errors[0] = denied();
  await vi.advanceTimersByTimeAsync(20_000);
  errors.length = 0;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await removed).toBe(true);
});

test("any other refusal ends it at once", async () => {
  const { cluster, deletes } = refusing([apiError("invalid")]);
  await expect(removeJob(cluster, ref)).rejects.toMatchObject({ kind: "invalid" });
  expect(deletes).toHaveLength(1);
});
