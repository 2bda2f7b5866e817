import { expect, test } from "vitest";
import { MemoryCluster } from "../../test/support/memory-cluster.ts";
import { job } from "../../test/support/run-parts.ts";
import { createSuspendedJobCleanup } from "./suspended-job-cleanup.ts";

const limits = { everyMs: 600_000, suspendedForeignMs: 600_000 };
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

test("a Job that was created suspended and never resumed is removed, whichever agent it was for; all others stay", async () => {
  const cluster = new MemoryCluster();
  cluster.put("jobs", job({ name: "abandoned", agentId: "gone", suspendedByMaker: true, createdAt: ago(11) }));
  cluster.put("jobs", job({ name: "being-launched", suspendedByMaker: true, createdAt: ago(9) }));
  cluster.put("jobs", job({ name: "in-a-queue", suspended: true, createdAt: ago(600) }));
  cluster.put("jobs", job({ name: "running", createdAt: ago(600) }));
  expect(await createSuspendedJobCleanup(limits).sweep(cluster, "agents")).toEqual(["abandoned"]);
  expect(cluster.names("jobs").toSorted()).toEqual(["being-launched", "in-a-queue", "running"]);
});

test("however many runs ask, a namespace is looked through now and then", async () => {
  const cluster = new MemoryCluster();
  const suspendedJobs = createSuspendedJobCleanup(limits);
  await Promise.all(Array.from({ length: 20 }, () => suspendedJobs.sweep(cluster, "agents")));
  expect(cluster.count("list", "jobs")).toBe(1);
});
