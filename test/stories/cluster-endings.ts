import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FailureCode } from "../../src/failure/failure.ts";
import type { Adapter } from "../../src/index.ts";
import type { World } from "../world/world.ts";
import { shortLimits } from "./short-limits.ts";
import { asAdmin, endless, evictByApi, expectEnd, type LiveRun, leftOf, startRun, untilReady } from "./stage.ts";

const signal = new AbortController().signal;

/** What differs between the worlds in making an ending. */
export interface Means {
  /** Starts a run that uses more memory than its limit. */
  outOfMemory(world: World, adapter: Adapter, agentId: string): Promise<LiveRun>;
  /** What this world's registry says of an image that it does not have. */
  missingImage: { fault: string; code: FailureCode };
}

const group = "The cluster ends it";

/** What the cluster may do to a run, made through its API alone: the same stories in every world. */
export function clusterEndingStories(makeWorld: () => Promise<World>, means: Means): void {
  describe.concurrent("a run that the cluster ends or never starts", () => {
    let world: World;
    let adapter: Adapter;

    beforeAll(async () => {
      world = await makeWorld();
      await untilReady(world);
      adapter = world.adapter({ limits: shortLimits(world.kind) });
      await asAdmin(world, {
        method: "POST",
        path: `/api/v1/namespaces/${world.namespace}/resourcequotas`,
        body: {
          apiVersion: "v1",
          kind: "ResourceQuota",
          metadata: { name: "team-quota", namespace: world.namespace },
          spec: { hard: { "requests.memory": "40Gi" } },
        },
      });
    });
    afterAll(async () => {
      await adapter?.close();
      await world?.stop();
    });

    test("ends by itself: every line once, success", async () => {
      const run = startRun(world, adapter, { agentId: "by-itself", chatter: { lines: 20, rate: 50, err: 5 } });
      const woken = await expectEnd(world, run, { group, fault: "none", code: "", numbers: 20 });
      expect(woken.stderr).toEqual([0, 5, 10, 15].map((number) => `warn seq=${number}`));
      expect(woken.result).toMatchObject({ usage: { inputTokens: 10, outputTokens: 20 }, usageBasis: "per_run" });
    });

    test("exits with an error: OpenCode's code and last words are in the result", async () => {
      const run = startRun(world, adapter, { agentId: "exits", chatter: { lines: 4, exit: 3, err: 3 } });
      const says = /exit code 3|warn seq=3/;
      const { result } = await expectEnd(world, run, {
        group,
        fault: "OpenCode exits with 3",
        code: "opencode_failed",
        says,
      });
      expect(result.exitCode).toBe(3);
    });

    test("its pod is deleted with grace", async () => {
      const run = startRun(world, adapter, { agentId: "pod-deleted", chatter: endless });
      await run.saw("seq=3 ");
      await world.admin.delete("pods", await run.pod(), { signal });
      const fault = "its pod is deleted, with grace";
      const { result } = await expectEnd(world, run, { group, fault, code: "k8s_pod_deleted", says: "deleted" });
      expect(result.errorFamily).toBe("transient_upstream");
    });

    test("its pod is deleted without grace", async () => {
      const run = startRun(world, adapter, { agentId: "pod-zapped", chatter: endless });
      await run.saw("seq=3 ");
      await world.admin.delete("pods", await run.pod(), { signal, gracePeriodSeconds: 0 });
      await expectEnd(world, run, { group, fault: "its pod is deleted, without grace", code: "k8s_pod_deleted" });
    });

    test("its Job is deleted", async () => {
      const run = startRun(world, adapter, { agentId: "job-deleted", chatter: endless });
      await run.saw("seq=3 ");
      await world.admin.delete("jobs", await run.job(), { signal });
      const { result } = await expectEnd(world, run, { group, fault: "its Job is deleted", code: "k8s_job_deleted" });
      expect(result.errorFamily).toBe("transient_upstream");
    });

    test("its Job is deleted and its pod left behind: the run ends as it would have, and takes the pod with it", async () => {
      const run = startRun(world, adapter, { agentId: "job-orphans", chatter: { lines: 40, rate: 20 } });
      await run.saw("seq=3 ");
      const { namespace, name } = await run.job();
      const path = `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`;
      await asAdmin(world, { method: "DELETE", path, body: { propagationPolicy: "Orphan" } });
      const { result } = await run.done;
      expect(result).toMatchObject({ exitCode: 0, errorMessage: null });
      await expect.poll(run.pods, { timeout: 20_000 }).toEqual([]);
      // Nobody may delete Secrets; this one has lost its owner with the Job, and is the administrator's to remove.
      const [secret] = await leftOf(world, "job-orphans", 0);
      expect(secret).toBe(`secrets/${name}-env`);
      await world.admin.delete("secrets", { namespace, name: `${name}-env` }, { signal });
    });

    test("its Job is deleted while the pod waits for a node", async () => {
      const config = { nodeSelector: "disk=none" };
      const slow = world.adapter({ limits: { ...shortLimits(world.kind), pendingMs: 60_000 } });
      const run = startRun(world, slow, { agentId: "job-gone-early", config });
      await run.pod();
      await world.admin.delete("jobs", await run.job(), { signal });
      const fault = "its Job is deleted before the pod has a node";
      await expectEnd(world, run, { group, fault, code: "k8s_job_deleted" });
      await slow.close();
    });

    test("its pod is evicted through the API", async () => {
      const run = startRun(world, adapter, { agentId: "evicted", chatter: endless });
      await run.saw("seq=3 ");
      await evictByApi(world, await run.pod());
      const fault = "its pod is evicted through the API";
      const { result } = await expectEnd(world, run, { group, fault, code: "k8s_pod_evicted", says: "evicted" });
      expect(result.errorFamily).toBe("transient_upstream");
    });

    test("it uses more memory than its limit", async () => {
      const run = await means.outOfMemory(world, adapter, "hungry");
      const fault = "more memory than the limit";
      await expectEnd(world, run, { group, fault, code: "k8s_out_of_memory", says: "resources.limits.memory" });
    });

    describe.concurrent("what never starts has a code of its own and the cluster's words", () => {
      test.each([
        {
          ...means.missingImage,
          agentId: "no-image",
          config: { image: "docker.io/local/not-there:1", imagePullPolicy: "IfNotPresent" },
          says: "not-there",
        },
        {
          fault: "nobody listens where the image's registry should be",
          agentId: "no-registry",
          config: { image: "127.0.0.1:1/agent:1", imagePullPolicy: "IfNotPresent" },
          code: "k8s_registry_unavailable",
          says: "connection refused",
        },
        {
          fault: "the image may not be pulled and is not on the node",
          agentId: "never-pull",
          config: { image: "docker.io/local/not-there:1", imagePullPolicy: "Never" },
          code: "k8s_image_pull_failed",
          says: "ErrImageNeverPull",
        },
        {
          fault: "an image name that no registry can have",
          agentId: "bad-name",
          config: { podTemplate: { spec: { initContainers: [init({ image: "docker.io/Local/Agent:1" })] } } },
          code: "k8s_image_name_invalid",
          says: "InvalidImageName",
        },
        {
          fault: "no node has the label that nodeSelector asks for",
          agentId: "no-node",
          config: { nodeSelector: "disk=none" },
          code: "k8s_pod_unschedulable",
          says: /node\(s\) didn't match/,
        },
        {
          fault: "no node has that much CPU",
          agentId: "too-big",
          config: { resources: { requests: { cpu: "900", memory: "64Mi" }, limits: { cpu: "900", memory: "2Gi" } } },
          code: "k8s_pod_unschedulable",
          says: "Insufficient cpu",
        },
        {
          fault: "a Secret that the container refers to is missing",
          agentId: "no-secret",
          config: { podTemplate: { spec: { containers: [{ name: "opencode", env: [fromSecret("not-there")] }] } } },
          code: "k8s_container_config_error",
          says: 'secret "not-there" not found',
        },
        {
          fault: "a Secret to be mounted is missing",
          agentId: "no-volume",
          config: { podTemplate: { spec: withVolume({ name: "keys", secret: { secretName: "not-there" } }) } },
          code: "k8s_volume_unavailable",
          says: 'secret "not-there" not found',
        },
        {
          fault: "the agent's database claim has no StorageClass that could serve it",
          agentId: "no-class",
          config: { agentDbMode: "dedicated_pvc", agentDbStorageClass: "not-there" },
          code: "k8s_agent_db_unbound",
          says: /unbound|not-there/,
        },
        {
          fault: "the namespace's quota is used up",
          agentId: "over-quota",
          config: { resources: { requests: { cpu: "1", memory: "50Gi" }, limits: { cpu: "1", memory: "50Gi" } } },
          code: "k8s_quota_exceeded",
          says: "exceeded quota: team-quota",
          // What the stories beside it use at the moment.
          varies: /(?<=used: requests\.memory=)\d+/,
        },
        {
          fault: "Pod Security refuses the pod",
          agentId: "privileged",
          config: {
            podTemplate: { spec: { containers: [{ name: "opencode", securityContext: { capabilities: null } }] } },
          },
          code: "k8s_admission_refused",
          says: "violates PodSecurity",
        },
        {
          fault: "an init container ends with an error",
          agentId: "bad-init",
          config: { podTemplate: { spec: { initContainers: [init({ command: ["sh", "-c", "exit 3"] })] } } },
          code: "k8s_init_container_failed",
          says: 'Init container "first" ended with code 3',
        },
        {
          fault: "a program of an init container cannot be started",
          agentId: "bad-program",
          config: { podTemplate: { spec: { initContainers: [init({ command: ["/no/such/program"] })] } } },
          code: "k8s_init_container_failed",
          says: "/no/such/program",
        },
      ])("$fault", async ({ agentId, config, ...expected }) => {
        const run = startRun(world, adapter, { agentId, config });
        await expectEnd(world, run, { group: "It never starts", ...expected });
      });

      test("a Job of that name is there and is not this run's", async () => {
        const agentId = "name-taken";
        const namesake = startRun(world, adapter, { agentId, runId: "taken-1", chatter: { lines: 1 } });
        await namesake.done;
        expect(await leftOf(world, agentId)).toEqual([]);
        const name = /started Job (\S+)/.exec(namesake.text)?.[1] ?? "";
        const container = { name: "c", image: "docker.io/local/agent:1", command: ["true"] };
        await world.admin.create(
          "jobs",
          {
            apiVersion: "batch/v1",
            kind: "Job",
            metadata: { name, namespace: world.namespace },
            spec: { suspend: true, template: { spec: { restartPolicy: "Never", containers: [container] } } },
          },
          { signal },
        );
        const run = startRun(world, adapter, { agentId, runId: "taken-1", chatter: { lines: 1 } });
        const { result } = await run.done;
        expect(result).toMatchObject({ errorCode: "k8s_job_create_failed", exitCode: null });
        expect(result.errorMessage).toContain("exists already and is not this run's");
        expect(await world.admin.delete("jobs", { namespace: world.namespace, name }, { signal })).toBe(true);
      });
    });

    test("the wait for a node is told while it lasts, in the scheduler's words", async () => {
      const run = startRun(world, adapter, { agentId: "waits", config: { nodeSelector: "disk=none" } });
      const { said } = await run.done;
      const told = said.filter((line) => line.includes("waiting for a node"));
      expect(told.length).toBeGreaterThanOrEqual(2);
      expect(told[0]).toMatch(/for a node: .*didn't match/);
    });
  });
}

function init(fields: object): object {
  const image = "docker.io/library/busybox:1.36";
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
  const resources = { requests: { cpu: "10m", memory: "16Mi" }, limits: { cpu: "1", memory: "64Mi" } };
  return {
    name: "first",
    image,
    imagePullPolicy: "IfNotPresent",
    command: ["true"],
    securityContext,
    resources,
    ...fields,
  };
}

function fromSecret(name: string): object {
  return { name: "FROM_SECRET", valueFrom: { secretKeyRef: { name, key: "key" } } };
}

function withVolume(volume: { name: string } & Record<string, unknown>): object {
  const volumeMounts = [{ name: volume.name, mountPath: "/keys" }];
  return { volumes: [volume], containers: [{ name: "opencode", volumeMounts }] };
}
