import { describe, expect, test } from "vitest";
import { recordedPod, recordedPodNames } from "../../test/support/recorded-pod.ts";
import { exited, pod, running } from "../../test/support/run-parts.ts";
import { podVerdict } from "./pod-verdict.ts";

const verdictOf = (...parameters: Parameters<typeof pod>) => podVerdict(pod(...parameters), "opencode");

const expected: Record<string, object> = {
  running: { kind: "running", startedAt: expect.stringMatching(/^\d{4}-/) },
  "being-deleted": { kind: "running" },
  "exited-0": { kind: "exited", exitCode: 0, reason: "Completed" },
  "exited-3": { kind: "exited", exitCode: 3, reason: "Error" },
  "out-of-memory": { kind: "exited", exitCode: 137, reason: "OOMKilled" },
  "image-missing": { kind: "waiting", suspect: { code: "k8s_registry_unavailable", patience: "long" } },
  "image-missing-for-long": { kind: "waiting", suspect: { code: "k8s_registry_unavailable", isBackOff: false } },
  "image-name-invalid": { kind: "failed", failure: { code: "k8s_image_name_invalid" } },
  "image-never-pulled": { kind: "failed", failure: { code: "k8s_image_pull_failed" } },
  "secret-missing": { kind: "waiting", suspect: { code: "k8s_container_config_error" } },
  "program-missing": { kind: "failed", failure: { code: "k8s_container_start_failed" } },
  "init-failed": { kind: "failed", failure: { code: "k8s_init_container_failed" } },
  unschedulable: { kind: "waiting", why: expect.stringContaining("didn't match Pod's node affinity/selector") },
  "claim-missing": { kind: "waiting", why: expect.stringContaining('persistentvolumeclaim "none" not found') },
  "volume-missing": { kind: "waiting", why: "the pod to start on node node1 (images, volumes)" },
  "past-its-deadline": { kind: "failed", failure: { code: "timeout" } },
  deleted: { kind: "failed", failure: { code: "k8s_pod_deleted" } },
  evicted: { kind: "failed", failure: { code: "k8s_pod_evicted" } },
};

describe("pods as a real cluster shows them", () => {
  test.each(Object.entries(expected))("%s", (name, verdict) => {
    expect(podVerdict(recordedPod(name), "opencode")).toMatchObject(verdict);
  });

  test("every recorded pod has its verdict here", () => {
    expect(Object.keys(expected).toSorted()).toEqual(recordedPodNames().toSorted());
  });

  test.each([
    ["image-missing", "no such host"],
    ["image-name-invalid", "repository name (A) must be lowercase"],
    ["secret-missing", 'secret "none" not found'],
    ["program-missing", "/none: no such file or directory"],
    ["init-failed", 'Init container "prompt" ended with code 5'],
    ["evicted", "Eviction API: evicting"],
  ])("%s is explained in the cluster's own words: %s", (name, words) => {
    expect(JSON.stringify(podVerdict(recordedPod(name), "opencode")).replaceAll("\\", "")).toContain(
      words.replaceAll("\\", ""),
    );
  });
});

describe("a pod that has not started", () => {
  test("waits for PVC binding and slow image pulls were failures: both are waits, and nothing is suspected", () => {
    for (const message of [
      "pod has unbound immediate PersistentVolumeClaims",
      "0/3 nodes are available: Insufficient cpu",
    ]) {
      const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
      const verdict = podVerdict({ ...pod({ phase: "Pending", status: { conditions } }) }, "opencode");
      expect(verdict).toMatchObject({ kind: "waiting", why: expect.stringContaining(message) });
      expect(verdict).not.toHaveProperty("suspect");
    }
  });

  test("without any status waits for a node", () => {
    const { status: _, ...bare } = pod();
    expect(podVerdict({ ...bare, spec: { containers: [] } }, "opencode")).toEqual({ kind: "waiting", why: "a node" });
  });

  test("whose init container cannot get its image is suspected, by the init container's name", () => {
    const initContainerStatuses = [
      { name: "prompt", image: "busybox:9", state: { waiting: { reason: "ImagePullBackOff" } } },
    ];
    expect(verdictOf({ phase: "Pending", status: { initContainerStatuses } })).toMatchObject({
      kind: "waiting",
      suspect: { message: expect.stringContaining('container "prompt", image busybox:9') },
    });
  });

  test("whose init container has failed is lost before its phase says so", () => {
    const initContainerStatuses = [{ name: "prompt", image: "x", state: exited(1) }];
    expect(verdictOf({ phase: "Pending", status: { initContainerStatuses } })).toMatchObject({
      failure: { code: "k8s_init_container_failed" },
    });
  });

  test("whose init container is done goes on waiting", () => {
    const initContainerStatuses = [{ name: "prompt", image: "x", state: exited(0) }];
    expect(verdictOf({ phase: "Pending", status: { initContainerStatuses } })).toMatchObject({ kind: "waiting" });
  });

  test.each(["OutOfcpu", "OutOfmemory", "NodeAffinity"])("that the kubelet refused as %s found no place", (reason) => {
    expect(verdictOf({ phase: "Failed", status: { reason } })).toMatchObject({
      failure: { code: "k8s_pod_unschedulable" },
    });
  });
});

describe("a pod that somebody else ends", () => {
  const disrupted = (reason: string) => ({ conditions: [{ type: "DisruptionTarget", status: "True", reason }] });

  test.each([
    ["PreemptionByScheduler", "k8s_pod_preempted"],
    ["DeletionByTaintManager", "k8s_node_lost"],
    ["DeletionByPodGC", "k8s_node_lost"],
    ["EvictionByEvictionAPI", "k8s_pod_evicted"],
    ["TerminationByKubelet", "k8s_pod_evicted"],
  ])("%s is %s, with and without a word of the container", (reason, code) => {
    const status = disrupted(reason);
    expect(verdictOf({ phase: "Failed", status })).toMatchObject({ failure: { code } });
    expect(verdictOf({ phase: "Failed", status, state: exited(143) })).toMatchObject({ failure: { code } });
  });

  test("is running for as long as its container does", () => {
    expect(verdictOf({ status: disrupted("EvictionByEvictionAPI"), state: running })).toMatchObject({
      kind: "running",
    });
  });

  test("a node's own eviction, which older kubelets tell without a condition, is one", () => {
    const status = { reason: "Evicted", message: "The node was low on resource: memory." };
    for (const state of [undefined, exited(137)]) {
      const verdict = verdictOf({ phase: "Failed", status, ...(state ? { state } : {}) });
      expect(verdict).toMatchObject({
        failure: { code: "k8s_pod_evicted", message: expect.stringContaining("low on resource") },
      });
    }
  });

  test.each(["NodeLost", "NodeShutdown", "Terminated", "Shutdown"])("%s is the node's loss", (reason) => {
    expect(verdictOf({ phase: "Failed", status: { reason } })).toMatchObject({ failure: { code: "k8s_node_lost" } });
  });

  test("a deleted pod was a success: whatever its code, it is not the agent's own end", () => {
    expect(verdictOf({ deleting: true, state: exited(137) })).toMatchObject({ failure: { code: "k8s_pod_deleted" } });
  });

  test("a container that the kubelet lost sight of has no exit code of its own", () => {
    const state = { terminated: { exitCode: 137, reason: "ContainerStatusUnknown" } };
    expect(verdictOf({ phase: "Failed", state })).toMatchObject({ failure: { code: "k8s_outcome_unknown" } });
  });

  test("a good run was timed out afterwards: exit 0 stays exit 0 past the pod's deadline", () => {
    const status = { reason: "DeadlineExceeded" };
    expect(verdictOf({ phase: "Failed", status, state: exited(0) })).toMatchObject({ kind: "exited", exitCode: 0 });
    expect(verdictOf({ phase: "Failed", status, state: exited(143) })).toMatchObject({ failure: { code: "timeout" } });
  });
});

test("a sidecar's end is not the agent's", () => {
  const statuses = [{ name: "proxy", image: "x", imageID: "", ready: false, restartCount: 0, state: exited(0) }];
  expect(verdictOf({ status: { containerStatuses: statuses } }).kind).toBe("waiting");
});

test("a pod that failed for a reason nobody knows is never an exit", () => {
  expect(verdictOf({ phase: "Failed", status: { reason: "NewInSomeVersion", message: "words" } })).toMatchObject({
    kind: "failed",
    failure: { code: "k8s_outcome_unknown", message: "The pod failed (NewInSomeVersion): words" },
  });
});
