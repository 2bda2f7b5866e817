import { describe, expect, test } from "vitest";
import { built, type RequestChanges } from "../../test/support/job-request.ts";
import { apiError, hang, MemoryCluster } from "../../test/support/memory-cluster.ts";
import { heardLog, job, open } from "../../test/support/run-parts.ts";
import type { Claim, Job } from "../cluster/cluster.ts";
import { label } from "../job/names.ts";
import { type LaunchDeps, launch } from "./launch.ts";
import { UnconfirmedStop } from "./unconfirmed-stop.ts";

const agentId = "a1";

function start(cluster: MemoryCluster, changes: RequestChanges = {}, deps: Partial<LaunchDeps> = {}) {
  const objects = built({ ...changes, agent: { id: agentId, name: "Ada" }, namespace: "agents" });
  const log = heardLog();
  return { launched: launch(objects, agentId, { cluster, log, signal: open(), ...deps }), objects, said: log.said };
}

function verbs(cluster: MemoryCluster): string[] {
  return cluster.calls.map(({ verb, resource }) => `${verb} ${resource}`);
}

/** A Job of the agent's that was there first. */
function elder(createdAt: string): Job {
  const { job } = built({ agent: { id: agentId, name: "Ada" }, runId: "other", namespace: "agents" });
  return { ...job, metadata: { ...job.metadata, creationTimestamp: createdAt } };
}

test("four calls: the Job suspended, its Secret while the Jobs are listed once more, the Job resumed", async () => {
  const cluster = new MemoryCluster();
  const { launched, objects } = start(cluster);
  const result = await launched;
  expect(verbs(cluster)[0]).toBe("create jobs");
  expect(verbs(cluster).slice(1, 3).toSorted()).toEqual(["create secrets", "list jobs"]);
  expect(verbs(cluster).slice(3)).toEqual(["patch jobs"]);
  expect(objects.job.spec?.suspend).toBe(true);
  expect(result).toMatchObject({ kind: "running", job: { spec: { suspend: false } } });
  const job = cluster.get("jobs", objects.job.metadata?.name ?? "");
  expect(job?.metadata?.annotations).not.toHaveProperty("paperclip.io/suspended-by");
});

test("Secrets leaked by thousands: each names the Job by its uid as its owner", async () => {
  const cluster = new MemoryCluster();
  const { launched, objects } = start(cluster);
  await launched;
  const job = cluster.get("jobs", objects.job.metadata?.name ?? "");
  const secret = cluster.get("secrets", cluster.names("secrets")[0] ?? "");
  expect(secret?.metadata?.ownerReferences).toMatchObject([{ kind: "Job", uid: job?.metadata?.uid }]);
});

test("a Job that a queue keeps suspended is left to the queue", async () => {
  const cluster = new MemoryCluster();
  const { launched } = start(cluster, { settings: { labels: "kueue.x-k8s.io/queue-name=agents" } });
  expect(await launched).toMatchObject({ kind: "running" });
  expect(cluster.count("patch", "jobs")).toBe(0);
});

describe("an answer that is lost", () => {
  test.each(["jobs", "secrets"] as const)(
    "of creating %s: the object is found and used, there is one of it",
    async (resource) => {
      const cluster = new MemoryCluster();
      let lost = false;
      cluster.interference = {
        after: (call) => {
          if (call.verb !== "create" || call.resource !== resource || lost) return;
          lost = true;
          throw apiError("unreachable", "connection reset");
        },
      };
      const { launched, said } = start(cluster);
      expect(await launched).toMatchObject({ kind: "running" });
      expect(cluster.names(resource)).toHaveLength(1);
      expect(said.join(" ")).toMatch(/connection reset; still trying to create .* the Kubernetes API answers again/);
    },
  );

  test("of resuming the Job: it is resumed once more", async () => {
    const cluster = new MemoryCluster();
    let tries = 0;
    cluster.interference = {
      after: ({ verb }) => {
        if (verb === "patch" && ++tries === 1) throw apiError("unreachable");
      },
    };
    expect(await start(cluster).launched).toMatchObject({ kind: "running", job: { spec: { suspend: false } } });
  });

  test("of a create that is cut off by a cancel: the Job that may be there is removed", async () => {
    const cluster = new MemoryCluster();
    const controller = new AbortController();
    cluster.interference = {
      after: async ({ verb, resource }) => {
        if (verb !== "create" || resource !== "jobs") return;
        controller.abort(new Error("cancelled"));
        await hang(controller.signal);
      },
    };
    await expect(start(cluster, {}, { signal: controller.signal }).launched).rejects.toThrow("cancelled");
    expect(cluster.names("jobs")).toEqual([]);
  });
});

describe("two replicas at once", () => {
  test("the younger Job yields and leaves nothing", async () => {
    const cluster = new MemoryCluster();
    cluster.put("jobs", elder("2020-01-01T00:00:00Z"));
    const { launched, objects } = start(cluster);
    expect(await launched).toEqual({ kind: "yielded", to: elder("").metadata?.name });
    expect(cluster.names("jobs")).not.toContain(objects.job.metadata?.name);
    expect(cluster.count("patch", "jobs")).toBe(0);
  });

  test("the older one goes on once the younger, which is suspended, has given way", async () => {
    const cluster = new MemoryCluster();
    const younger = elder("2030-01-01T00:00:00Z");
    cluster.put("jobs", younger);
    const { launched } = start(cluster);
    setTimeout(() => cluster.remove("jobs", younger.metadata?.name ?? ""), 150);
    expect(await launched).toMatchObject({ kind: "running" });
    expect(cluster.count("list", "jobs")).toBeGreaterThan(1);
  });

  test("two Jobs in one second: the one that was resumed before stays, whatever the names", async () => {
    const cluster = new MemoryCluster();
    const { metadata, ...other } = elder("2030-01-01T00:00:00Z");
    cluster.put("jobs", { ...other, metadata: { ...metadata, annotations: {} } });
    expect(await start(cluster).launched).toMatchObject({ kind: "yielded" });
  });
});

describe("a launch that fails leaves nothing behind", () => {
  test.each([
    ["exceeded quota: agents, requested: pods=1", "denied", "k8s_quota_exceeded"],
    ['violates PodSecurity "restricted:latest"', "denied", "k8s_admission_refused"],
    ["jobs.batch is forbidden", "denied", "k8s_permission_denied"],
    ['namespaces "x" not found', "missing", "k8s_namespace_missing"],
    ["spec.template: Invalid value", "invalid", "k8s_job_create_failed"],
  ] as const)("%s", async (message, kind, code) => {
    const cluster = new MemoryCluster();
    cluster.interference = {
      before: ({ verb }) => {
        if (verb === "create") throw apiError(kind, message);
      },
    };
    await expect(start(cluster).launched).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    expect(verbs(cluster)).toEqual(["create jobs"]);
  });

  test("when its Secret is refused", async () => {
    const cluster = new MemoryCluster();
    cluster.interference = {
      before: ({ verb, resource }) => {
        if (verb === "create" && resource === "secrets") throw apiError("denied", "secrets is forbidden");
      },
    };
    await expect(start(cluster).launched).rejects.toMatchObject({ code: "k8s_permission_denied" });
    expect(cluster.names("jobs")).toEqual([]);
  });

  test("when it is cancelled while the Secret is made", async () => {
    const cluster = new MemoryCluster();
    const controller = new AbortController();
    cluster.interference = {
      before: async ({ verb, resource }, signal) => {
        if (verb !== "create" || resource !== "secrets") return;
        controller.abort(new Error("cancelled"));
        await hang(signal);
      },
    };
    await expect(start(cluster, {}, { signal: controller.signal }).launched).rejects.toThrow("cancelled");
    expect(cluster.names("jobs")).toEqual([]);
  });

  test("and says so where even that is not possible", async () => {
    const cluster = new MemoryCluster();
    cluster.interference = {
      before: ({ verb, resource }) => {
        if (verb === "create" && resource === "secrets") throw apiError("denied");
        if (verb === "delete") throw apiError("unreachable", "no route");
      },
    };
    const { launched, said } = start(cluster);
    await expect(launched).rejects.toMatchObject({ code: "k8s_permission_denied" });
    expect(said.at(-1)).toMatch(/may be left behind; it is removed later.*no route/);
  });

  test("when somebody deletes the Job before it is resumed", async () => {
    const cluster = new MemoryCluster();
    cluster.interference = {
      before: ({ verb, name }) => {
        if (verb === "patch") cluster.remove("jobs", name);
      },
    };
    expect(await start(cluster).launched).toEqual({ kind: "taken-away" });
  });

  test("a stop that meets the Job as it is resumed has no proof before the Job is gone", async () => {
    const cluster = new MemoryCluster();
    const controller = new AbortController();
    cluster.interference = {
      after: ({ verb }) => {
        if (verb === "patch") controller.abort(new Error("cancelled"));
        if (verb === "patch") throw controller.signal.reason;
      },
      before: ({ verb }) => {
        if (verb === "delete") throw apiError("unreachable", "no route");
      },
    };
    await expect(start(cluster, {}, { signal: controller.signal }).launched).rejects.toBeInstanceOf(UnconfirmedStop);
  });

  test("when another run's Job has the name: that one is not touched", async () => {
    const cluster = new MemoryCluster();
    const { objects } = start(new MemoryCluster());
    const { metadata } = objects.job;
    cluster.put("jobs", {
      ...objects.job,
      metadata: { ...metadata, labels: { ...metadata?.labels, [label.run]: "other" } },
    });
    await expect(start(cluster).launched).rejects.toMatchObject({ code: "k8s_job_create_failed" });
    expect(cluster.names("jobs")).toEqual([metadata?.name]);
  });
});

test("no run gives way to a Job whose result was already returned, though the cluster shows it as running", async () => {
  const cluster = new MemoryCluster();
  cluster.put("jobs", job({ name: "earlier", agentId }));
  const { launched } = start(cluster, {}, { reportedUids: new Set(["uid-of-earlier"]) });
  expect(await launched).toMatchObject({ kind: "running" });
});

describe("the agent's claim", () => {
  const dedicated = { settings: { agentDbMode: "dedicated_pvc" } };

  test("is made once and said", async () => {
    const cluster = new MemoryCluster();
    const { launched, said } = start(cluster, dedicated);
    await launched;
    expect(cluster.names("persistentvolumeclaims")).toEqual(["opencode-db-a1"]);
    expect(said).toEqual(["created PersistentVolumeClaim opencode-db-a1 for the agent's database"]);
  });

  test("is used as it is when it is there, whoever made it", async () => {
    const cluster = new MemoryCluster();
    const claim: Claim = { metadata: { name: "opencode-db-a1" }, spec: { accessModes: ["ReadWriteOnce"] } };
    cluster.put("persistentvolumeclaims", claim);
    expect(await start(cluster, dedicated).launched).toMatchObject({ kind: "running" });
    expect(cluster.count("create", "persistentvolumeclaims")).toBe(0);
  });

  test("made by another run at the same moment is used as well", async () => {
    const cluster = new MemoryCluster();
    const claim: Claim = { metadata: { name: "opencode-db-a1", labels: { [label.agent]: agentId } }, spec: {} };
    cluster.interference = {
      before: ({ verb, resource }) => {
        if (verb === "create" && resource === "persistentvolumeclaims") cluster.put(resource, claim);
      },
    };
    expect(await start(cluster, dedicated).launched).toMatchObject({ kind: "running" });
  });
});
