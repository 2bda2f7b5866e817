import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MemoryCluster } from "../../test/support/memory-cluster.ts";
import { heardLog, job, open, pod } from "../../test/support/run-parts.ts";
import { defaultStartLimits } from "./limits.ts";
import { podVerdict } from "./pod-verdict.ts";
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
  const suspect = {
    code: "k8s_image_pull_failed",
    message: "The image cannot be pulled",
    patience: "soon",
    isBackOff: false,
  } as const;
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

test("a registry that is away is waited for, and a plain back-off does not make it an image that is not there", async () => {
  const cluster = new MemoryCluster();
  const waiting = new WaitingPod(beginStartWait(job(), { cluster, view, log: heardLog(), limits: defaultStartLimits }));
  const states = {
    away: {
      waiting: {
        reason: "ErrImagePull",
        message: 'failed to do request: Head "https://r/v2": dial tcp: connection refused',
      },
    },
    backOff: { waiting: { reason: "ImagePullBackOff", message: 'Back-off pulling image "r/x:1"' } },
  };
  const look = async (state: object) => {
    const own = pod({ phase: "Pending", state });
    cluster.put("pods", own);
    const verdict = podVerdict(own, "opencode");
    if (verdict.kind !== "waiting") throw new Error(`not waiting: ${verdict.kind}`);
    return waiting.look(own, verdict, open());
  };
  expect(await look(states.away)).toBeUndefined();
  vi.advanceTimersByTime(60_000);
  expect(await look(states.backOff)).toBeUndefined();
  vi.advanceTimersByTime(defaultStartLimits.pullMs);
  expect(await look(states.backOff)).toMatchObject({
    code: "k8s_registry_unavailable",
    message: expect.stringContaining("connection refused"),
  });
});
