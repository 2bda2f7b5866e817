import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import type { Adapter } from "../../src/index.ts";
import { type EmbeddedWorld, embeddedWorld } from "../world/embedded-world.ts";
import { type Recording, recordObjects } from "../world/record-objects.ts";
import { wake } from "../world/world.ts";

let world: EmbeddedWorld;
let recording: Recording;

beforeAll(async () => {
  world = await embeddedWorld({});
});
afterAll(async () => {
  await world?.stop();
});
beforeEach(async () => {
  recording = await recordObjects(world);
});
/** A refusal comes before everything else: no object was ever there. */
afterEach(async () => {
  await recording.stop();
  expect([recording.count("jobs"), recording.count("pods")]).toEqual([0, 0]);
  expect(world.cluster.calls.filter(({ verb, resource }) => verb === "create" && resource === "secrets")).toEqual([]);
});

/** Paperclip with this policy. Its adapter lives as long as the test. */
function paperclip(policy?: string): Adapter {
  const env = { HOSTNAME: "paperclip-0", ...world.cluster.serviceEnv };
  const adapter = world.adapter({ env: policy === undefined ? env : { ...env, OPENCODE_K8S_POLICY: policy } });
  onTestFinished(() => adapter.close());
  return adapter;
}

async function runTest(adapter: Adapter, config: Record<string, unknown>) {
  const { checks } = await adapter.testEnvironment({
    adapterType: "opencode_k8s",
    companyId: "c1",
    config: { model: "scripted/scripted", kubeconfig: await world.kubeconfig("paperclip"), ...config },
  });
  return checks.filter(({ level }) => level === "error");
}

const privileged = {
  podTemplate: { spec: { containers: [{ name: "opencode", securityContext: { privileged: true } }] } },
};

test("without a policy a privileged container is denied, in a run and in Run test", async () => {
  const adapter = paperclip();
  const { result } = await wake(world, adapter, { agentId: "privileged", config: privileged });
  expect(result).toMatchObject({ exitCode: null, errorCode: "k8s_policy_denied" });
  expect(result.errorMessage).toContain("spec.containers[opencode].securityContext.privileged: found true");
  expect(await runTest(adapter, privileged)).toEqual([
    expect.objectContaining({ code: "k8s_policy_denied", message: expect.stringContaining("privileged: found true") }),
  ]);
});

test("with a policy another image is denied, in a run and in Run test, and the message names the policy", async () => {
  const adapter = paperclip("allow: {image: ['registry.example.com/agents/*']}");
  const config = { image: "evil:1" };
  const told =
    'image: found "evil:1", expected one of registry.example.com/agents/* (the operator\'s policy OPENCODE_K8S_POLICY)';
  const { result } = await wake(world, adapter, { agentId: "image", config });
  expect(result).toMatchObject({ errorCode: "k8s_policy_denied", errorMessage: expect.stringContaining(told) });
  expect(await runTest(adapter, config)).toEqual([
    expect.objectContaining({ code: "k8s_policy_denied", message: `${told}.` }),
  ]);
});

test("a policy that cannot be read lets no agent run, and counts as soon as it can", async () => {
  const dir = mkdtempSync(join(tmpdir(), "policy-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, "policy.yaml");
  writeFileSync(file, "alow: {image: [a]}");
  const adapter = paperclip(file);
  const { result } = await wake(world, adapter, { agentId: "invalid" });
  expect(result).toMatchObject({ errorCode: "k8s_policy_invalid", errorMessage: expect.stringContaining("alow") });
  expect((await runTest(adapter, {})).map(({ code }) => code)).toContain("k8s_policy_invalid");

  writeFileSync(file, "allow: {image: [a]}");
  const later = await wake(world, adapter, { agentId: "invalid", config: { image: "evil:1" } });
  expect(later.result.errorCode).toBe("k8s_policy_denied");
});
