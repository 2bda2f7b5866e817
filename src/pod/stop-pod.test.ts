import { afterEach, describe, expect, test } from "vitest";
import { apiError, type Call, hang, MemoryCluster } from "../../test/support/memory-cluster.ts";
import { exited, job, open, pod, running } from "../../test/support/run-parts.ts";
import { createPodWatcher, type PodView } from "./pod-watcher.ts";
import { stopPod } from "./stop-pod.ts";

const views: PodView[] = [];
afterEach(() => {
  for (const view of views.splice(0)) view.close();
});

async function viewOf(cluster: MemoryCluster): Promise<PodView> {
  const view = createPodWatcher(cluster, { namespace: "agents", labelSelector: "" }).view("job-1");
  views.push(view);
  await view.changed(open());
  return view;
}

/** A Job with a pod that runs, and whose end is the test's to tell. */
async function runningPod(): Promise<{ cluster: MemoryCluster; view: PodView }> {
  const cluster = new MemoryCluster();
  cluster.put("jobs", job());
  cluster.put("pods", pod({ state: running }));
  return { cluster, view: await viewOf(cluster) };
}

const limits = { graceMs: 400, marginMs: 100 };
const deletes = ({ calls }: MemoryCluster) =>
  calls.filter(({ verb }: Call) => verb === "delete").map(({ resource, name }) => `${resource} ${name}`);

test("tells the pod first and the Job then, and waits for the process to end", async () => {
  const { cluster, view } = await runningPod();
  setTimeout(() => cluster.put("pods", pod({ state: exited(143), deleting: true })), 20);
  expect(await stopPod(job(), { cluster, view }, limits)).toEqual({ gone: true, forced: false });
  expect(deletes(cluster)).toEqual(["pods pod-1", "jobs job-1"]);
  expect(cluster.names("jobs")).toEqual([]);
});

test("a process that ignored TERM was killed: that is reported", async () => {
  const { cluster, view } = await runningPod();
  setTimeout(() => cluster.put("pods", pod({ state: exited(137), deleting: true })), 20);
  expect(await stopPod(job(), { cluster, view }, limits)).toEqual({ gone: true, forced: true });
});

test("a pod that disappears without a last word has ended", async () => {
  const { cluster, view } = await runningPod();
  setTimeout(() => cluster.remove("pods", "pod-1"), 20);
  expect(await stopPod(job(), { cluster, view }, limits)).toEqual({ gone: true, forced: false });
});

test("a pod whose node is dead never confirms: the wait is bounded, and the process is not called gone", async () => {
  const { cluster, view } = await runningPod();
  const startedAtMs = Date.now();
  expect(await stopPod(job(), { cluster, view }, limits)).toEqual({ gone: false, forced: true });
  expect(Date.now() - startedAtMs).toBeLessThan(5_000);
});

test("a pod that has ended by itself is left to its Job", async () => {
  const cluster = new MemoryCluster();
  cluster.put("jobs", job());
  cluster.put("pods", pod({ phase: "Succeeded", state: exited(0) }));
  const view = await viewOf(cluster);
  expect(await stopPod(job(), { cluster, view }, limits)).toEqual({ gone: true, forced: false });
  expect(deletes(cluster)).toEqual(["jobs job-1"]);
});

describe("a Job that has no pod yet", () => {
  test("is gone when none comes", async () => {
    const cluster = new MemoryCluster();
    cluster.put("jobs", job());
    const view = await viewOf(cluster);
    const result = await stopPod(job(), { cluster, view }, { graceMs: 1_000, marginMs: 1_000 });
    expect(result).toEqual({ gone: true, forced: false });
    expect(deletes(cluster)).toEqual(["jobs job-1"]);
  });

  test("may get one at that moment: its end is waited for", async () => {
    const cluster = new MemoryCluster();
    cluster.put("jobs", job());
    const view = await viewOf(cluster);
    setTimeout(() => cluster.put("pods", pod({ phase: "Pending" })), 10);
    setTimeout(() => cluster.remove("pods", "pod-1"), 40);
    expect(await stopPod(job(), { cluster, view }, { graceMs: 500, marginMs: 500 })).toMatchObject({ gone: true });
  });
});

describe("an API that is away", () => {
  test("for a moment is asked again", async () => {
    const { cluster, view } = await runningPod();
    let failures = 2;
    cluster.interference = {
      before: ({ verb }) => {
        if (verb === "delete" && failures-- > 0) throw apiError("unreachable");
      },
    };
    setTimeout(() => cluster.put("pods", pod({ state: exited(143), deleting: true })), 600);
    const result = await stopPod(job(), { cluster, view }, { graceMs: 2_000, marginMs: 500 });
    expect(result).toEqual({ gone: true, forced: false });
    expect(cluster.names("jobs")).toEqual([]);
  });

  test("for good ends the wait within its bound", async () => {
    const { cluster, view } = await runningPod();
    cluster.interference = {
      before: ({ verb }, signal) => (verb === "delete" ? hang(signal) : undefined),
    };
    expect(await stopPod(job(), { cluster, view }, limits)).toEqual({ gone: false, forced: true });
  });

  test("and refuses the delete leaves the end unconfirmed", async () => {
    const { cluster, view } = await runningPod();
    cluster.interference = {
      before: ({ verb }) => {
        if (verb === "delete") throw apiError("denied");
      },
    };
    expect(await stopPod(job(), { cluster, view }, limits)).toEqual({ gone: false, forced: true });
  });
});
