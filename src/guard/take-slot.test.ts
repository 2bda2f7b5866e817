import { describe, expect, test } from "vitest";
import { apiError, hang, MemoryCluster } from "../../test/support/memory-cluster.ts";
import { heardLog, job, open, pod, shortLimits } from "../../test/support/run-parts.ts";
import type { RunLimits } from "../run/limits.ts";
import { type SlotDeps, takeSlot } from "./take-slot.ts";

function waitForSlot(cluster: MemoryCluster, changes: Partial<SlotDeps> & { limits?: RunLimits } = {}) {
  const log = heardLog();
  const deps = { cluster, log, limits: shortLimits(), reportedUids: new Set<string>(), signal: open(), ...changes };
  const slot = takeSlot({ namespace: "agents", agentId: "a1", ownJobs: ["own"], reattach: undefined }, deps);
  return { slot, said: log.said };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("a free slot is taken with two requests and without a word", async () => {
  const cluster = new MemoryCluster();
  const { slot, said } = waitForSlot(cluster);
  expect(await slot).toEqual({ kind: "free" });
  expect(cluster.calls.map(({ verb, resource }) => `${verb} ${resource}`)).toEqual(["list jobs", "list pods"]);
  expect(said).toEqual([]);
});

test("the Jobs of other agents do not count", async () => {
  const cluster = new MemoryCluster();
  cluster.put("jobs", job({ agentId: "a2" }));
  expect(await waitForSlot(cluster).slot).toEqual({ kind: "free" });
});

test("batch assignment blocked all but one task for ever: a run waits until the other has reportedUids, and says for whom", async () => {
  const cluster = new MemoryCluster();
  cluster.put("jobs", job({ runId: "r7" }));
  const { slot, said } = waitForSlot(cluster, { limits: shortLimits({ slotWaitMs: 5_000, sayEveryMs: 10_000 }) });
  await pause(40);
  cluster.put("jobs", job({ runId: "r7", finished: "Complete" }));
  expect(await slot).toEqual({ kind: "free" });
  expect(said).toEqual(["waiting for Job job-1 (run r7) to end: an agent has one run at a time"]);
});

test("waiting has an end, with a code that Paperclip tries again", async () => {
  const cluster = new MemoryCluster();
  cluster.put("jobs", job());
  await expect(waitForSlot(cluster).slot).rejects.toMatchObject({
    code: "k8s_concurrent_run_blocked",
    family: "transient_upstream",
    message: expect.stringContaining("Job job-1 (run r1)"),
  });
});

test("a cancelled run stops waiting at once", async () => {
  const cluster = new MemoryCluster();
  cluster.put("jobs", job());
  const controller = new AbortController();
  const { slot } = waitForSlot(cluster, { signal: controller.signal, limits: shortLimits({ slotWaitMs: 60_000 }) });
  setTimeout(() => controller.abort(new Error("cancelled")), 15);
  await expect(slot).rejects.toThrow("cancelled");
});

test("a pod without a Job holds the slot until it has ended", async () => {
  const cluster = new MemoryCluster();
  cluster.put("pods", pod({ job: "gone" }));
  const { slot, said } = waitForSlot(cluster, { limits: shortLimits({ slotWaitMs: 5_000 }) });
  await pause(20);
  cluster.remove("pods", "pod-1");
  expect(await slot).toEqual({ kind: "free" });
  expect(said[0]).toContain("pod pod-1");
});

test("what a dead process left suspended is removed, and the slot is free", async () => {
  const cluster = new MemoryCluster();
  cluster.put("jobs", job({ suspendedByMaker: true, createdAt: "2020-01-01T00:00:00Z" }));
  const { slot, said } = waitForSlot(cluster, { limits: shortLimits({ slotWaitMs: 5_000 }) });
  expect(await slot).toEqual({ kind: "free" });
  expect(cluster.names("jobs")).toEqual([]);
  expect(said.join(" ")).toContain("removed Job job-1");
});

test("what cannot be removed is waited for like any other, with a bound and without a storm of requests", async () => {
  const cluster = new MemoryCluster();
  cluster.put("jobs", job({ suspendedByMaker: true, createdAt: "2020-01-01T00:00:00Z" }));
  cluster.interference = {
    before: ({ verb }) => {
      if (verb === "delete") throw apiError("denied");
    },
  };
  await expect(waitForSlot(cluster).slot).rejects.toMatchObject({
    code: "k8s_concurrent_run_blocked",
    message: expect.stringMatching(/^This run waited [1-9]\d* seconds? for /),
  });
  expect(cluster.count("delete", "jobs")).toBeLessThan(20);
});

test("a Role that is written anew while a run waits ends no wait; rights that stay away do", async () => {
  const cluster = new MemoryCluster();
  cluster.put("jobs", job());
  const limits = shortLimits({ slotWaitMs: 10_000, deniedMs: 400 });
  let denied = false;
  cluster.interference = {
    before: () => {
      if (denied) throw apiError("denied");
    },
  };
  const { slot } = waitForSlot(cluster, { limits });
  await pause(20);
  denied = true;
  await pause(200);
  denied = false;
  await pause(400);
  denied = true;
  await expect(slot).rejects.toMatchObject({ code: "k8s_permission_denied" });
});

describe("when the cluster does not say whether a Job lives", () => {
  test("Job list hung, lock held for ever: the run ends within the guard's bound, with nothing created", async () => {
    const cluster = new MemoryCluster();
    cluster.interference = { before: (_, signal) => hang(signal) };
    const startedAtMs = Date.now();
    await expect(waitForSlot(cluster).slot).rejects.toMatchObject({ code: "k8s_concurrency_guard_unreachable" });
    expect(Date.now() - startedAtMs).toBeLessThan(5_000);
    expect(cluster.count("create", "jobs")).toBe(0);
  });

  test.each(["unreachable", "unavailable", "throttled"] as const)("%s is not free", async (kind) => {
    const cluster = new MemoryCluster();
    cluster.interference = {
      before: () => {
        throw apiError(kind);
      },
    };
    await expect(waitForSlot(cluster).slot).rejects.toMatchObject({
      code: "k8s_concurrency_guard_unreachable",
      family: "transient_upstream",
    });
  });

  test("only one of the two lists failing is enough", async () => {
    const cluster = new MemoryCluster();
    cluster.interference = {
      before: ({ resource }) => {
        if (resource === "pods") throw apiError("unavailable");
      },
    };
    await expect(waitForSlot(cluster).slot).rejects.toMatchObject({ code: "k8s_concurrency_guard_unreachable" });
  });

  test("a missing permission is named as such", async () => {
    const cluster = new MemoryCluster();
    cluster.interference = {
      before: () => {
        throw apiError("denied", "jobs.batch is forbidden");
      },
    };
    await expect(waitForSlot(cluster).slot).rejects.toMatchObject({
      code: "k8s_permission_denied",
      message: expect.stringContaining("jobs.batch is forbidden"),
    });
  });

  test("a cancel during the list is a cancel", async () => {
    const cluster = new MemoryCluster();
    cluster.interference = { before: (_, signal) => hang(signal) };
    await expect(waitForSlot(cluster, { signal: AbortSignal.abort(new Error("cancelled")) }).slot).rejects.toThrow(
      "cancelled",
    );
  });
});

test("a finished Job that a dead process left goes with the agent's next run; a fresh one and a retained one stay", async () => {
  const cluster = new MemoryCluster();
  const before = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  cluster.put("jobs", job({ name: "left", finished: "Complete", finishedAt: before(11), ttlSeconds: 300 }));
  cluster.put("jobs", job({ name: "fresh", finished: "Failed", finishedAt: before(9), ttlSeconds: 300 }));
  cluster.put("jobs", job({ name: "retained", finished: "Failed", finishedAt: before(999) }));
  const { slot, said } = waitForSlot(cluster);
  expect(await slot).toEqual({ kind: "free" });
  expect(["left", "fresh", "retained"].filter((name) => cluster.get("jobs", name))).toEqual(["fresh", "retained"]);
  expect(said).toEqual(["removed Job left, whose run has ended and whose process died before it could remove it"]);
});
