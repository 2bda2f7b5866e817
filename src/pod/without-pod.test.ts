import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MemoryCluster } from "../../test/support/memory-cluster.ts";
import { heardLog, job, open } from "../../test/support/run-parts.ts";
import { defaultStartLimits } from "./limits.ts";
import type { PodView } from "./pod-watcher.ts";
import { beginStartWait } from "./start-wait.ts";
import { WithoutPod } from "./without-pod.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const view: PodView = {
  state: () => ({ kind: "absent" }),
  changed: async () => {},
  refresh: async () => {},
  close: () => {},
};

function stage() {
  const cluster = new MemoryCluster();
  const wait = beginStartWait(job(), { cluster, view, log: heardLog(), limits: defaultStartLimits });
  return { cluster, wait };
}

/** Looks once a second for so many minutes, and gives the first failure. */
async function lookFor(minutes: number, look: () => Promise<unknown>): Promise<unknown> {
  for (let second = 0; second < minutes * 60; second++) {
    vi.advanceTimersByTime(1_000);
    const failure = await look();
    if (failure) return failure;
  }
  return undefined;
}

test("a Job that its queue keeps suspended for hours has its whole time once it is admitted", async () => {
  const { cluster, wait } = stage();
  const withoutPod = new WithoutPod(wait);
  const look = () => withoutPod.look(open());
  cluster.put("jobs", job({ suspended: true }));
  expect(await lookFor(120, look)).toBeUndefined();
  cluster.put("jobs", job());
  expect(await lookFor(14, look)).toBeUndefined();
  expect(await lookFor(2, look)).toMatchObject({ code: "k8s_job_create_failed" });
});

test("a suspended Job is asked for less and less often, at least twice a minute", async () => {
  const { cluster, wait } = stage();
  const withoutPod = new WithoutPod(wait);
  cluster.put("jobs", job({ suspended: true }));
  await lookFor(60, () => withoutPod.look(open()));
  expect(cluster.count("read", "jobs")).toBeGreaterThanOrEqual(110);
  expect(cluster.count("read", "jobs")).toBeLessThanOrEqual(125);
});
