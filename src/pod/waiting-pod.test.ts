import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MemoryCluster } from "../../test/support/memory-cluster.ts";
import { heardLog, job, open, pod } from "../../test/support/run-parts.ts";
import { defaultStartLimits } from "./limits.ts";
import type { PodView } from "./pod-watcher.ts";
import { beginStartWait } from "./start-wait.ts";
import { WaitingPod } from "./waiting-pod.ts";

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

test("two failures of a pod with a recovery between them are not one that lasted", async () => {
  const cluster = new MemoryCluster();
  const waiting = new WaitingPod(beginStartWait(job(), { cluster, view, log: heardLog(), limits: defaultStartLimits }));
  const own = pod({ phase: "Pending", state: { waiting: { reason: "ErrImagePull" } } });
  cluster.put("pods", own);
  const suspect = { code: "k8s_image_pull_failed", message: "The image cannot be pulled" } as const;
  const failsFor = async (ms: number) => {
    const failure = await waiting.look(own, { kind: "waiting", why: "an image", suspect }, open());
    vi.advanceTimersByTime(ms);
    return failure ?? (await waiting.look(own, { kind: "waiting", why: "an image", suspect }, open()));
  };
  expect(await failsFor(15_000)).toBeUndefined();
  expect(await waiting.look(own, { kind: "waiting", why: "a node" }, open())).toBeUndefined();
  expect(await failsFor(15_000)).toBeUndefined();
  expect(await failsFor(6_000)).toMatchObject({ code: "k8s_image_pull_failed" });
});
