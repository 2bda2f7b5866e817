import { expect } from "vitest";
import type { Job } from "../../src/cluster/cluster.ts";
import { type Bench, type ContractCase, pause, until } from "./bench.ts";
import {
  logOf,
  podsOfJob,
  refTo,
  secretNamed,
  shellJob,
  untilEvent,
  untilFinished,
  untilJob,
  untilPod,
} from "./workloads.ts";

const create = (bench: Bench, job: Job) => bench.cluster.create("jobs", job, bench);
const conditionsOf = (job: Job) =>
  (job.status?.conditions ?? []).map(({ type, status, reason, message }) => ({ type, status, reason, message }));

function untilPodOf(bench: Bench, job: Job) {
  return until(`a pod of ${job.metadata?.name}`, bench, async () => (await podsOfJob(bench, job))[0]);
}

function untilGone(bench: Bench, what: string, exists: () => Promise<boolean>): Promise<true> {
  return until(`${what} is gone`, bench, async () => ((await exists()) ? undefined : true));
}

function ownedBy(job: Job) {
  const { name = "", uid = "" } = job.metadata ?? {};
  return [{ apiVersion: "batch/v1", kind: "Job", name, uid }];
}

const patchJob = (bench: Bench, job: Job, spec: object) => {
  const { namespace, name } = refTo(job);
  return bench.http("PATCH", `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`, {
    body: { spec },
    contentType: "application/merge-patch+json",
  });
};

/** The life of a Job: suspended, resumed, ended, removed, and what goes with it. */
export const jobCases: ContractCase[] = [
  {
    name: "a suspended Job has no pod; resumed it has exactly one, with its labels and owner",
    async run(bench) {
      const job = await create(bench, shellJob(bench, "true", { suspend: true }));
      const suspended = await untilJob(bench, job, "Suspended");
      expect(conditionsOf(suspended)).toEqual([
        { type: "Suspended", status: "True", reason: "JobSuspended", message: "Job suspended" },
      ]);
      expect(suspended.status?.startTime).toBeUndefined();
      await pause(300);
      expect(await podsOfJob(bench, job)).toEqual([]);
      await bench.cluster.patch("jobs", refTo(job), { ...bench, patch: { spec: { suspend: false } } });
      const done = await untilJob(bench, job, "Complete");
      expect(conditionsOf(done).map(({ type, status, reason }) => [type, status, reason])).toEqual([
        ["Suspended", "False", "JobResumed"],
        ["SuccessCriteriaMet", "True", "CompletionsReached"],
        ["Complete", "True", "CompletionsReached"],
      ]);
      const pods = await podsOfJob(bench, job);
      const { name = "", uid = "" } = job.metadata ?? {};
      expect(pods).toHaveLength(1);
      expect(pods[0]?.metadata?.name).toMatch(new RegExp(`^${name}-[a-z0-9]{5}$`));
      expect(pods[0]?.metadata?.labels).toEqual({
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
      });
      expect(pods[0]?.metadata?.ownerReferences).toEqual([
        { apiVersion: "batch/v1", kind: "Job", name, uid, controller: true, blockOwnerDeletion: true },
      ]);
    },
  },
  {
    name: "a Job whose pod succeeds is complete",
    async run(bench) {
      const done = await untilJob(bench, await create(bench, shellJob(bench, "exit 0")), "Complete");
      expect(conditionsOf(done)).toEqual([
        {
          type: "SuccessCriteriaMet",
          status: "True",
          reason: "CompletionsReached",
          message: "Reached expected number of succeeded pods",
        },
        {
          type: "Complete",
          status: "True",
          reason: "CompletionsReached",
          message: "Reached expected number of succeeded pods",
        },
      ]);
      expect(done.status).toMatchObject({ succeeded: 1, ready: 0, terminating: 0, uncountedTerminatedPods: {} });
      expect(done.status?.completionTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(done.status?.active).toBeUndefined();
      expect((await untilEvent(bench, done, "Completed")).message).toBe("Job completed");
    },
  },
  {
    name: "a Job whose pod fails has failed, without a second try when its backoffLimit is 0",
    async run(bench) {
      const failed = await untilJob(bench, await create(bench, shellJob(bench, "exit 4")), "Failed");
      const facts = {
        status: "True",
        reason: "BackoffLimitExceeded",
        message: "Job has reached the specified backoff limit",
      };
      expect(conditionsOf(failed)).toEqual([
        { type: "FailureTarget", ...facts },
        { type: "Failed", ...facts },
      ]);
      expect(failed.status).toMatchObject({ failed: 1 });
      expect(failed.status?.completionTime).toBeUndefined();
      expect(await podsOfJob(bench, failed)).toHaveLength(1);
    },
  },
  {
    name: "a running Job counts its pod as active and ready",
    async run(bench) {
      const job = await create(bench, shellJob(bench, "sleep 60"));
      const running = await until("the Job's pod is ready", bench, async () => {
        const found = await bench.cluster.read("jobs", refTo(job), bench);
        return found?.status?.ready === 1 ? found : undefined;
      });
      expect(running.status).toMatchObject({ active: 1, ready: 1, terminating: 0, startTime: expect.any(String) });
    },
  },
  {
    name: "a Job over its own deadline fails and takes its pod away",
    async run(bench) {
      const job = await create(bench, shellJob(bench, "sleep 60", { activeDeadlineSeconds: 3 }));
      const failed = await untilJob(bench, job, "Failed");
      const facts = {
        status: "True",
        reason: "DeadlineExceeded",
        message: "Job was active longer than specified deadline",
      };
      expect(conditionsOf(failed)).toEqual([
        { type: "FailureTarget", ...facts },
        { type: "Failed", ...facts },
      ]);
      await untilGone(bench, "the pod", async () => (await podsOfJob(bench, job)).length > 0);
    },
  },
  {
    name: "a pod deleted from outside fails its Job",
    async run(bench) {
      const job = await create(bench, shellJob(bench, "sleep 60"));
      const pod = await untilPod(bench, await untilPodOf(bench, job), ({ status }) => status?.phase === "Running");
      await bench.cluster.delete("pods", refTo(pod), { ...bench, gracePeriodSeconds: 1 });
      const failed = await untilJob(bench, job, "Failed");
      expect(failed.status).toMatchObject({ failed: 1 });
      expect(conditionsOf(failed).at(-1)).toMatchObject({ reason: "BackoffLimitExceeded" });
    },
  },
  {
    name: "a finished Job and its pod are removed when its time to live is over",
    async run(bench) {
      const job = await create(bench, shellJob(bench, "true", { ttlSecondsAfterFinished: 1 }));
      await untilPodOf(bench, job);
      await untilGone(
        bench,
        "the Job",
        async () => (await bench.cluster.read("jobs", refTo(job), bench)) !== undefined,
      );
      await untilGone(bench, "the pod", async () => (await podsOfJob(bench, job)).length > 0);
    },
  },
  {
    name: "a deleted Job takes its running pod and the Secrets it owns with it",
    async run(bench) {
      const job = await create(bench, shellJob(bench, "sleep 60"));
      const secret = {
        ...secretNamed(bench, "owned", {}),
        metadata: { name: "owned", namespace: bench.namespace, ownerReferences: ownedBy(job) },
      };
      const made = await bench.cluster.create("secrets", secret, bench);
      await untilPod(bench, await untilPodOf(bench, job), ({ status }) => status?.phase === "Running");
      expect(await bench.cluster.delete("jobs", refTo(job), bench)).toBe(true);
      expect(await bench.cluster.delete("jobs", refTo(job), bench)).toBe(false);
      await untilGone(
        bench,
        "the Secret",
        async () => (await bench.cluster.read("secrets", refTo(made), bench)) !== undefined,
      );
      await untilGone(bench, "the pod", async () => (await podsOfJob(bench, job)).length > 0);
    },
  },
  {
    name: "what is created for an owner that is already gone is removed",
    async run(bench) {
      const job = await create(bench, shellJob(bench, "true", { suspend: true }));
      await bench.cluster.delete("jobs", refTo(job), bench);
      const secret = {
        ...secretNamed(bench, "late", {}),
        metadata: { name: "late", namespace: bench.namespace, ownerReferences: ownedBy(job) },
      };
      const made = await bench.cluster.create("secrets", secret, bench);
      await untilGone(
        bench,
        "the Secret",
        async () => (await bench.cluster.read("secrets", refTo(made), bench)) !== undefined,
      );
    },
  },
  {
    name: "a Job deleted without a policy leaves its pod behind",
    async run(bench) {
      const job = await create(bench, shellJob(bench, "echo left"));
      const pod = await untilFinished(bench, await untilPodOf(bench, job));
      const { namespace, name } = refTo(job);
      await bench.http("DELETE", `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`);
      await untilGone(
        bench,
        "the Job",
        async () => (await bench.cluster.read("jobs", refTo(job), bench)) !== undefined,
      );
      await pause(500);
      const left = await bench.cluster.read("pods", refTo(pod), bench);
      expect(left?.metadata?.ownerReferences).toBeUndefined();
      expect(await logOf(bench, pod)).toBe("left\n");
    },
  },
  {
    name: "while a Job is suspended its placement may change, its image and its completions never",
    async run(bench) {
      const job = await create(bench, shellJob(bench, "true", { suspend: true }));
      const place = { template: { spec: { nodeSelector: { "contract.test/none": "x" } } } };
      expect((await patchJob(bench, job, place)).status).toBe(200);
      const image = { template: { spec: { containers: [{ name: "main", image: "other:1" }] } } };
      const refused = await patchJob(bench, job, image);
      // 1.37 names the part of the template that may not change.
      const field = expect.stringMatching(/^spec\.template(\.spec)?$/);
      expect(refused).toMatchObject({
        status: 422,
        json: { reason: "Invalid", details: { causes: [{ field }] } },
      });
      expect(refused.json.message).toMatch(
        /^Job\.batch "job-\w+" is invalid: spec\.template(\.spec)?: Invalid value: .*: field is immutable$/,
      );
      const completions = await patchJob(bench, job, { completions: 2 });
      expect(completions.json.message).toContain("spec.completions: Invalid value: 2: field is immutable");
      expect((await patchJob(bench, job, { suspend: false })).status).toBe(200);
      await untilPodOf(bench, job);
      expect((await patchJob(bench, job, { template: { spec: { nodeSelector: null } } })).status).toBe(422);
    },
  },
];
