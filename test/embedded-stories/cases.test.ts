import { afterAll, beforeAll, expect, test } from "vitest";
import { caseStories } from "../stories/cases.ts";
import { shortLimits } from "../stories/short-limits.ts";
import { expectEnd, standInFolder, startRun } from "../stories/stage.ts";
import { type EmbeddedWorld, embeddedWorld } from "../world/embedded-world.ts";
import type { World } from "../world/world.ts";

/** Admission refuses the pods of Jobs in these words until it is called off. */
const refused = (words: string) => async (world: World) => {
  const { faults } = (world as EmbeddedWorld).cluster;
  faults.refuseJobPods(words);
  return async () => faults.refuseJobPods();
};

caseStories(() => embeddedWorld({ path: [standInFolder] }), {
  webhookAway: refused(
    'Internal error occurred: failed calling webhook "x.example.com": failed to call webhook: Post "https://x.paperclip.svc:443/?timeout=10s": dial tcp 10.96.0.9:443: connect: connection refused',
  ),
  limitRange: refused('pods "x" is forbidden: maximum cpu usage per Container is 1, but limit is 2'),
  serviceEnv: (each) => (each as EmbeddedWorld).cluster.serviceEnv,
});

let world: EmbeddedWorld;
beforeAll(async () => {
  world = await embeddedWorld({ path: [standInFolder] });
});
afterAll(() => world?.stop());

test.each([
  ["ImageInspectError", 'Failed to inspect image "docker.io/local/odd:1": rpc error: unknown', "k8s_image_pull_failed"],
  ["SignatureValidationFailed", "SignatureValidationFailed: policy rejects it", "k8s_image_pull_failed"],
  ["PostStartHookError", "PostStartHookError: Exec lifecycle hook failed", "k8s_container_start_failed"],
])("case 18: %s has its code and the kubelet's words", async (reason, message, code) => {
  world.cluster.images["docker.io/local/odd:1"] = { waiting: { reason, message } };
  const adapter = world.adapter({ limits: shortLimits("embedded") });
  const config = { image: "docker.io/local/odd:1" };
  const run = startRun(world, adapter, { agentId: `case-18-${reason.toLowerCase()}`, config });
  const { result } = await expectEnd(world, run, { fault: `case 18, ${reason}`, code, says: message });
  expect(result.errorMessage).toContain(reason);
  await adapter.close();
});

test("a namespace that is being deleted has its own code, and nothing is made in it", async () => {
  const namespace = "leaving";
  await world.cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  world.cluster.store.update("namespaces", { namespace: "", name: namespace }, (draft) => {
    draft.status = { phase: "Terminating" };
  });
  const adapter = world.adapter({ limits: shortLimits("embedded") });
  const kubeconfig = await world.kubeconfig("admin");
  const run = startRun(world, adapter, {
    agentId: "leaving",
    config: { namespace, kubeconfig, image: world.agentImage },
  });
  const says = "because it is being terminated";
  const { result } = await expectEnd(world, run, { fault: "leaving", code: "k8s_namespace_terminating", says });
  expect(result.errorFamily).toBeUndefined();
  await adapter.close();
});

test("a registry that throttles the node has its own code, and Paperclip tries again", async () => {
  const words = "failed to pull and unpack image: unexpected status: 429 Too Many Requests";
  world.cluster.images["docker.io/local/busy:1"] = { pullError: words };
  const adapter = world.adapter({ limits: shortLimits("embedded") });
  const run = startRun(world, adapter, { agentId: "throttled", config: { image: "docker.io/local/busy:1" } });
  const says = "429 Too Many Requests";
  const { result } = await expectEnd(world, run, { fault: "throttled", code: "k8s_registry_unavailable", says });
  expect(result.errorFamily).toBe("transient_upstream");
  await adapter.close();
});
