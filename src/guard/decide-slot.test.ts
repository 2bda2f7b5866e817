import { describe, expect, test } from "vitest";
import { type JobFacts, job, type PodFacts, pod } from "../../test/support/run-parts.ts";
import { labelValue } from "../job/names.ts";
import { decideSlot, type SlotQuestion, suspensionLimitMs } from "./decide-slot.ts";

const createdMs = Date.parse("2026-01-01T00:00:00Z");

function decide(question: { jobs?: JobFacts[]; pods?: PodFacts[] } & Partial<Omit<SlotQuestion, "jobs" | "pods">>) {
  const { jobs = [], pods = [], ...rest } = question;
  return decideSlot({
    ownJobs: [],
    reattach: undefined,
    reportedUids: new Set(),
    nowMs: createdMs + 1_000,
    ...rest,
    jobs: jobs.map(job),
    pods: pods.map(pod),
  });
}

const holders = (slot: ReturnType<typeof decide>) =>
  slot.kind === "taken" ? slot.by.map(({ name }) => name) : slot.kind;

describe("the slot is free", () => {
  test("when the agent has nothing in the cluster", () => {
    expect(decide({})).toEqual({ kind: "free" });
  });

  test("when its Jobs have reportedUids, well or not", () => {
    expect(decide({ jobs: [{ finished: "Complete" }, { name: "job-2", finished: "Failed" }] })).toEqual({
      kind: "free",
    });
  });

  test("when its pods have ended", () => {
    expect(decide({ pods: [{ phase: "Succeeded" }, { name: "pod-2", phase: "Failed" }] })).toEqual({ kind: "free" });
  });

  test("when the result of a Job that the cluster still shows as running was already returned", () => {
    expect(decide({ jobs: [{}], reportedUids: new Set(["uid-of-job-1"]) })).toEqual({ kind: "free" });
  });

  test("when this process saw the end of a pod that the cluster still shows as running", () => {
    expect(decide({ pods: [{ phase: "Running" }], reportedUids: new Set(["uid-of-pod-1"]) })).toEqual({ kind: "free" });
  });
});

describe("the slot is taken", () => {
  test("by a Job that runs, whose run is named", () => {
    const slot = decide({ jobs: [{ runId: "r7" }] });
    expect(slot).toMatchObject({ kind: "taken", by: [{ name: "Job job-1", runId: "r7" }], stale: [] });
  });

  test("two pods on one session: a Job that is being deleted still writes", () => {
    expect(holders(decide({ jobs: [{ deleting: true }] }))).toEqual(["Job job-1"]);
  });

  test("by a pod whose Job is gone, for as long as it lives", () => {
    expect(holders(decide({ pods: [{ job: "gone" }] }))).toEqual(["pod pod-1"]);
  });

  test("by a Job that a queue keeps suspended", () => {
    const slot = decide({ jobs: [{ suspended: true }], nowMs: createdMs + 10 * suspensionLimitMs });
    expect(slot).toMatchObject({ kind: "taken", stale: [] });
  });

  test("once by a Job and its pod together", () => {
    expect(holders(decide({ jobs: [{}], pods: [{}] }))).toEqual(["Job job-1"]);
  });

  test("by this run's own Job while that is being deleted", () => {
    expect(holders(decide({ jobs: [{ deleting: true }], ownJobs: ["job-1"] }))).toEqual(["Job job-1"]);
  });
});

describe("a Job of this run's own", () => {
  test("whose create's answer was lost is taken over", () => {
    expect(decide({ jobs: [{}], ownJobs: ["job-1"] })).toMatchObject({
      kind: "mine",
      job: { metadata: { name: "job-1" } },
    });
  });

  test("waits while another one lives", () => {
    expect(holders(decide({ jobs: [{}, { name: "job-2" }], ownJobs: ["job-1"] }))).toEqual(["Job job-2"]);
  });
});

describe("reattach", () => {
  const reattach = { taskId: "T-1" };

  test("takes over a live Job of the same task", () => {
    expect(decide({ jobs: [{ taskId: "T-1" }], reattach })).toMatchObject({ kind: "mine" });
  });

  test("the orphan of another run was reattached: a Job of another task holds the slot", () => {
    expect(holders(decide({ jobs: [{ taskId: "T-2" }], reattach }))).toEqual(["Job job-1"]);
  });

  test("a Job without a task is nobody's to take over", () => {
    expect(holders(decide({ jobs: [{}], reattach }))).toEqual(["Job job-1"]);
  });

  test("two Jobs, one task: the slot is taken, as only one can be followed", () => {
    const jobs = [{ taskId: "T-1" }, { name: "job-2", taskId: "T-1" }];
    expect(holders(decide({ jobs, reattach }))).toEqual(["Job job-2"]);
  });

  test("does not take over a Job that is being deleted, nor one that was never resumed", () => {
    expect(holders(decide({ jobs: [{ taskId: "T-1", deleting: true }], reattach }))).toEqual(["Job job-1"]);
    expect(holders(decide({ jobs: [{ taskId: "T-1", suspendedByMaker: true }], reattach }))).toEqual(["Job job-1"]);
  });

  test("does not happen unless it is wanted", () => {
    expect(holders(decide({ jobs: [{ taskId: "T-1" }] }))).toEqual(["Job job-1"]);
  });

  test("finds the Job of a task whose id is no label value", () => {
    const taskId = "a task / with signs";
    expect(decide({ jobs: [{ taskId: labelValue(taskId) }], reattach: { taskId } })).toMatchObject({ kind: "mine" });
  });
});

describe("reattach to a Job that did its work while nobody was there", () => {
  const reattach = { taskId: "T-1" };
  const finishedAt = "2026-01-01T00:10:00Z";
  const nowMs = Date.parse(finishedAt) + 20_000;
  const done: JobFacts = { taskId: "T-1", finished: "Complete", finishedAt, ttlSeconds: 300 };
  const over: PodFacts = { phase: "Succeeded" };
  const question = { reattach, nowMs, unreportedAfterMs: 15_000 };

  test("takes its output, so that the work is not done twice", () => {
    expect(decide({ jobs: [done], pods: [over], ...question })).toMatchObject({
      kind: "mine",
      job: { metadata: { name: "job-1" } },
    });
  });

  test.each<[string, JobFacts]>([
    ["of another task", { taskId: "T-2" }],
    ["that failed: the work is not done", { finished: "Failed" }],
    ["that is kept on purpose", { ttlSeconds: undefined as never }],
    ["that is being deleted", { deleting: true }],
    ["that ended a moment ago: its process may still report it", { finishedAt: "2026-01-01T00:10:10Z" }],
  ])("not one %s", (_, facts) => {
    expect(decide({ jobs: [{ ...done, ...facts }], pods: [over], ...question }).kind).toBe("free");
  });

  test("not one whose result was already returned, nor one whose pod and log are gone", () => {
    const reportedUids = new Set(["uid-of-job-1"]);
    expect(decide({ jobs: [done], pods: [over], ...question, reportedUids }).kind).toBe("free");
    expect(decide({ jobs: [done], ...question }).kind).toBe("free");
  });

  test("not unless it is wanted", () => {
    expect(decide({ jobs: [done], pods: [over], ...question, reattach: undefined }).kind).toBe("free");
  });
});

describe("a Job whose agent has ended while another container of its pod runs on", () => {
  const pods = [{ state: { terminated: { exitCode: 0, finishedAt: "2026-01-01T00:05:00Z" } } }];
  const leftoverAfterMs = 600_000;

  test("is stale once a living process would have removed it", () => {
    const slot = decide({ jobs: [{}], pods, leftoverAfterMs, nowMs: Date.parse("2026-01-01T00:15:01Z") });
    expect(slot).toMatchObject({ kind: "taken", stale: [{ metadata: { name: "job-1" } }] });
  });

  test("is somebody's until then, and not stale twice", () => {
    expect(decide({ jobs: [{}], pods, leftoverAfterMs, nowMs: Date.parse("2026-01-01T00:14:59Z") })).toMatchObject({
      stale: [],
    });
    const deleting = decide({
      jobs: [{ deleting: true }],
      pods,
      leftoverAfterMs,
      nowMs: Date.parse("2026-01-02T00:00:00Z"),
    });
    expect(deleting).toMatchObject({ kind: "taken", stale: [] });
  });
});

describe("a Job that a process created suspended and never resumed", () => {
  test("is stale after its time, and says so", () => {
    const slot = decide({ jobs: [{ suspendedByMaker: true }], nowMs: createdMs + suspensionLimitMs + 1 });
    expect(slot).toMatchObject({ kind: "taken", stale: [{ metadata: { name: "job-1" } }] });
  });

  test("is somebody's work until then", () => {
    expect(decide({ jobs: [{ suspendedByMaker: true }], nowMs: createdMs + suspensionLimitMs })).toMatchObject({
      stale: [],
    });
  });

  test("is not stale once it runs, whatever its annotation says", () => {
    const slot = decide({
      jobs: [{ suspendedByMaker: true, suspended: false }],
      nowMs: createdMs + 10 * suspensionLimitMs,
    });
    expect(slot).toMatchObject({ kind: "taken", stale: [] });
  });
});
