import { afterEach, describe, expect, test } from "vitest";
import { apiError, MemoryCluster } from "../../test/support/memory-cluster.ts";
import { recordedPod } from "../../test/support/recorded-pod.ts";
import { exited, heardLog, job, open, pod, running, shortLimits } from "../../test/support/run-parts.ts";
import type { ClusterEvent, Pod } from "../cluster/cluster.ts";
import type { RunLimits } from "../run/limits.ts";
import { awaitStart } from "./await-start.ts";
import { createPodWatcher, type PodView } from "./pod-watcher.ts";

const views: PodView[] = [];
afterEach(() => {
  for (const view of views.splice(0)) view.close();
});

function waitFor(cluster: MemoryCluster, limits: Partial<RunLimits> = {}, { signal = open(), own = job() } = {}) {
  if (!cluster.get("jobs", "job-1")) cluster.put("jobs", job());
  const view = createPodWatcher(cluster, { namespace: "agents", labelSelector: "" }).view("job-1");
  views.push(view);
  const log = heardLog();
  const start = awaitStart(own, { cluster, view, log, limits: shortLimits(limits) }, signal);
  return { start, said: log.said };
}

/** A recorded pod as the pod of the Job that is waited for. */
function recorded(name: string): Pod {
  const found = recordedPod(name);
  return { ...found, metadata: { ...found.metadata, labels: { "job-name": "job-1" } } };
}

function event(uid: string, facts: Partial<ClusterEvent>): ClusterEvent {
  return { metadata: { name: `event-${facts.reason}` }, involvedObject: { uid }, type: "Warning", ...facts };
}

const failure = (code: string) => ({ kind: "failed", failure: { code } });

describe("a pod that starts", () => {
  test("is given over as soon as its container runs", async () => {
    const cluster = new MemoryCluster();
    const { start, said } = waitFor(cluster, {
      noPodMs: 5_000,
      sayEveryMs: 5_000,
      explainAfterMs: 5_000,
      pendingMs: 10_000,
    });
    setTimeout(() => cluster.put("pods", pod({ phase: "Pending" })), 5);
    setTimeout(() => cluster.put("pods", pod({ state: running })), 15);
    expect(await start).toMatchObject({ kind: "started", pod: { metadata: { name: "pod-1" } } });
    expect(said).toEqual([]);
  });

  test("before this process was there has its time counted from its start", async () => {
    const cluster = new MemoryCluster();
    const own = { ...job(), status: { active: 1 } };
    cluster.put("pods", pod({ state: running }));
    const atMs = Date.parse(running.running.startedAt);
    expect(await waitFor(cluster, {}, { own }).start).toMatchObject({ kind: "started", atMs });
  });

  test("before the eyes of this process has it counted by this machine's clock", async () => {
    const cluster = new MemoryCluster();
    cluster.put("pods", pod({ state: running }));
    const now = Date.now();
    expect((await waitFor(cluster).start) as { atMs: number }).toMatchObject({ atMs: expect.closeTo(now, -4) });
  });

  test("and has ended before anybody looked is given over all the same", async () => {
    const cluster = new MemoryCluster();
    cluster.put("pods", recorded("exited-3"));
    expect(await waitFor(cluster).start).toMatchObject({ kind: "started" });
  });

  test("slow image pulls were failures: a pull that fails at first and then succeeds is a start", async () => {
    const cluster = new MemoryCluster();
    cluster.put("pods", { ...recorded("image-missing"), metadata: pod().metadata ?? {} });
    const { start } = waitFor(cluster, { suspectMs: 10_000, pendingMs: 10_000 });
    setTimeout(() => cluster.put("pods", pod({ state: running })), 20);
    expect(await start).toMatchObject({ kind: "started" });
  });
});

describe("a pod that will not start", () => {
  test.each([
    ["image-name-invalid", "k8s_image_name_invalid"],
    ["image-never-pulled", "k8s_image_pull_failed"],
    ["program-missing", "k8s_container_start_failed"],
    ["init-failed", "k8s_init_container_failed"],
  ])("%s fails at once", async (name, code) => {
    const cluster = new MemoryCluster();
    cluster.put("pods", recorded(name));
    const startedAtMs = Date.now();
    expect(await waitFor(cluster, { suspectMs: 60_000, pendingMs: 60_000 }).start).toMatchObject(failure(code));
    expect(Date.now() - startedAtMs).toBeLessThan(2_000);
  });

  test.each([
    ["image-missing", "k8s_registry_unavailable"],
    ["secret-missing", "k8s_container_config_error"],
  ])("%s fails when it lasts, long before the limit", async (name, code) => {
    const cluster = new MemoryCluster();
    cluster.put("pods", recorded(name));
    expect(await waitFor(cluster, { pendingMs: 60_000 }).start).toMatchObject(failure(code));
  });

  test("an image that fails to be pulled, waits and fails again counts from the first time", async () => {
    const cluster = new MemoryCluster();
    const [first, second] = [recorded("image-missing"), recorded("image-missing-for-long")];
    const states = [first, second].map(({ status }) => ({ ...pod(), status: status ?? {} }));
    const { start } = waitFor(cluster, { pendingMs: 60_000, suspectMs: 80, pullMs: 80 });
    const timer = setInterval(() => {
      const next = states.shift();
      if (next) {
        cluster.put("pods", next);
        states.push(next);
      }
    }, 10);
    expect(await start).toMatchObject(failure("k8s_registry_unavailable"));
    clearInterval(timer);
  });

  test("that is deleted from outside is named as such", async () => {
    const cluster = new MemoryCluster();
    cluster.put("pods", pod({ phase: "Pending" }));
    const { start } = waitFor(cluster, { pendingMs: 10_000 });
    setTimeout(() => cluster.remove("pods", "pod-1"), 10);
    expect(await start).toMatchObject(failure("k8s_pod_deleted"));
  });
});

describe("a wait without an end in sight", () => {
  test("waits for PVC binding were 'scheduling failed': it says in the cluster's words what is missing, and its code", async () => {
    const cluster = new MemoryCluster();
    cluster.put("pods", recorded("claim-missing"));
    const { start, said } = waitFor(cluster);
    expect(await start).toMatchObject(failure("k8s_volume_unavailable"));
    expect(said.length).toBeGreaterThan(1);
    expect(said[0]).toContain('persistentvolumeclaim "none" not found');
  });

  test("for a node has its own code", async () => {
    const cluster = new MemoryCluster();
    cluster.put("pods", recorded("unschedulable"));
    const { start } = waitFor(cluster);
    expect(await start).toMatchObject({
      ...failure("k8s_pod_unschedulable"),
      failure: { message: expect.stringContaining("node affinity/selector") },
    });
  });

  test("for the agent's own claim names that", async () => {
    const cluster = new MemoryCluster();
    const message =
      'persistentvolumeclaim "opencode-db-a1" not bound: pod has unbound immediate PersistentVolumeClaims';
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
    cluster.put("pods", pod({ phase: "Pending", status: { conditions } }));
    expect(await waitFor(cluster).start).toMatchObject(failure("k8s_agent_db_unbound"));
  });

  test("a mount that fails is explained by the pod's newest warning", async () => {
    const cluster = new MemoryCluster();
    const waiting = cluster.put("pods", recorded("volume-missing"));
    const reason = "FailedMount";
    const message = 'MountVolume.SetUp failed for volume "a" : secret "none" not found';
    cluster.put(
      "events",
      event(waiting.metadata?.uid ?? "", { reason, message, lastTimestamp: "2026-01-01T00:00:02Z" }),
    );
    const { start, said } = waitFor(cluster, { noPodMs: 5_000 });
    expect(await start).toMatchObject({
      ...failure("k8s_volume_unavailable"),
      failure: { message: expect.stringContaining(message) },
    });
    expect(said[0]).toContain(message);
  });

  test("goes on where events may not be read", async () => {
    const cluster = new MemoryCluster();
    cluster.put("pods", recorded("unschedulable"));
    cluster.interference = {
      before: ({ resource }) => {
        if (resource === "events") throw apiError("denied");
      },
    };
    expect(await waitFor(cluster).start).toMatchObject(failure("k8s_pod_unschedulable"));
  });
});

describe("a Job without a pod", () => {
  test.each([
    ['pods "job-1-x" is forbidden: exceeded quota: agents, requested: pods=1', "k8s_quota_exceeded"],
    ['pods "job-1-x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot', "k8s_admission_refused"],
    ["pods is forbidden: error looking up service account agents/none", "k8s_job_create_failed"],
  ])("whose events say: %s", async (message, code) => {
    const cluster = new MemoryCluster();
    cluster.put("events", event("uid-of-job-1", { reason: "FailedCreate", message }));
    expect(await waitFor(cluster, { pendingMs: 60_000 }).start).toMatchObject({
      ...failure(code),
      failure: { message: expect.stringContaining(message) },
    });
  });

  test("that was deleted from outside", async () => {
    const cluster = new MemoryCluster();
    const { start } = waitFor(cluster);
    cluster.remove("jobs", "job-1");
    expect(await start).toMatchObject(failure("k8s_job_deleted"));
  });

  test("under whose name another Job stands", async () => {
    const cluster = new MemoryCluster();
    cluster.put("jobs", job({ uid: "another" }));
    expect(await waitFor(cluster).start).toMatchObject(failure("k8s_job_deleted"));
  });

  test("that a queue keeps suspended waits beyond the limit, and says so", async () => {
    const cluster = new MemoryCluster();
    cluster.put("jobs", job({ suspended: true }));
    const { start, said } = waitFor(cluster);
    setTimeout(() => cluster.put("pods", pod({ state: running })), 400);
    expect(await start).toMatchObject({ kind: "started" });
    expect(said[0]).toContain("the queue that keeps the Job suspended");
  });

  test("an outage of the API is not the Job's end", async () => {
    const cluster = new MemoryCluster();
    cluster.interference = {
      before: ({ verb }) => {
        if (verb === "read") throw apiError("unreachable");
      },
    };
    const { start } = waitFor(cluster, { pendingMs: 60_000 });
    setTimeout(() => cluster.put("pods", pod({ state: exited(0) })), 100);
    expect(await start).toMatchObject({ kind: "started" });
  });
});

test("a cancelled run stops waiting at once", async () => {
  const controller = new AbortController();
  const { start } = waitFor(new MemoryCluster(), { pendingMs: 60_000 }, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("cancelled")), 10);
  await expect(start).rejects.toThrow("cancelled");
});

describe("what cannot be asked", () => {
  test("a failure that was seen before the API went away is no failure until the API says so again", async () => {
    const cluster = new MemoryCluster();
    cluster.put("pods", { ...recorded("image-missing"), metadata: pod().metadata ?? {} });
    const { start } = waitFor(cluster, { suspectMs: 30, pullMs: 30, pendingMs: 10_000 });
    await new Promise((resolve) => setTimeout(resolve, 15));
    let away = true;
    cluster.interference = {
      before: () => {
        if (away) throw apiError("unreachable");
      },
    };
    // It started meanwhile, and no watch said so.
    cluster.put("pods", pod({ state: running }), { silent: true });
    await new Promise((resolve) => setTimeout(resolve, 150));
    away = false;
    expect(await start).toMatchObject({ kind: "started" });
  });

  test("a Role without events and Jobs leaves the limit and a word of what is waited for", async () => {
    const cluster = new MemoryCluster();
    cluster.interference = {
      before: ({ verb, resource }) => {
        if ((verb === "list" && resource === "events") || (verb === "read" && resource === "jobs"))
          throw apiError("denied");
      },
    };
    const { start, said } = waitFor(cluster, { noPodMs: 10, sayEveryMs: 20, pendingMs: 150 });
    expect(await start).toMatchObject(failure("k8s_job_create_failed"));
    expect(said.join()).toContain("the Job to get its pod");
  });
});
