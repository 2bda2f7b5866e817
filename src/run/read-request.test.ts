import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import { describe, expect, onTestFinished, test } from "vitest";
import { host } from "../../test/support/job-request.ts";
import { MemoryCluster } from "../../test/support/memory-cluster.ts";
import { policyOf } from "../../test/support/parsed.ts";
import { heardLog, open } from "../../test/support/run-parts.ts";
import { noPolicy } from "../config/policy/policy.ts";
import type { PolicyReading } from "../config/policy-reader.ts";
import type { HostReading } from "../host/read-host.ts";
import { readRequest } from "./read-request.ts";

interface Given {
  policy?: PolicyReading;
  config?: Record<string, unknown>;
  context?: Record<string, unknown>;
  reading?: HostReading;
  sharedDir?: string;
}

const without: PolicyReading = { kind: "policy", policy: noPolicy };
const inPod: HostReading = { kind: "in-pod", host: host() };

/** What a run asks for and what it says on the way, in Paperclip's own namespace unless the config says otherwise. */
async function read({
  config = {},
  context = {},
  reading = inPod,
  policy = without,
  sharedDir = "/nonexistent",
}: Given = {}) {
  const log = heardLog();
  const execution: AdapterExecutionContext = {
    runId: "r1",
    agent: { id: "a1", companyId: "c1", name: "Ada", adapterType: "opencode_k8s", adapterConfig: {} },
    runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: null },
    config: { model: "anthropic/claude-sonnet-4-5", ...config },
    context,
    onLog: async () => {},
  };
  const cluster = new MemoryCluster();
  const readPolicy = async () => policy;
  const deps = {
    connect: async () => cluster,
    readHost: async () => reading,
    readPolicy,
    env: {},
    sharedDir,
  };
  const request = await readRequest(execution, { deps, log, signal: open() });
  return { request, said: log.said };
}

const workspace = (cwd: string, source = "project_primary") => ({ paperclipWorkspace: { cwd, source } });

describe("the working directory", () => {
  test.each([
    ["a task's workspace", workspace("/paperclip/w"), "/paperclip/w"],
    ["the agent's own folder", workspace("/paperclip/h", "agent_home"), "/paperclip/h"],
    ["the shared volume itself", {}, "/paperclip"],
  ])("%s on the shared volume is kept without a word", async (_, context, cwd) => {
    const { request, said } = await read({ context });
    expect(request.cwd).toBe(cwd);
    expect(said).toEqual([]);
  });

  test.each([
    ["the task's workspace /repos/app", workspace("/repos/app")],
    ["the agent's folder /homes/ada", workspace("/homes/ada", "agent_home")],
    ["the task's workspace /paperclipper", workspace("/paperclipper")],
  ])("agents worked in an empty folder unawares: %s on no volume of the pod is said", async (named, context) => {
    const { request, said } = await read({ context });
    expect(request.cwd).toBe("/opencode-run/work");
    expect(said).toEqual([expect.stringMatching(`^${named} is on no volume .* /opencode-run/work.*podTemplate`)]);
  });

  test("the same without a shared claim, where /paperclip is nobody's either", async () => {
    const { sharedVolume: _, ...rest } = host();
    const { request, said } = await read({
      context: workspace("/paperclip/w"),
      reading: { kind: "in-pod", host: rest },
    });
    expect(request.cwd).toBe("/opencode-run/work");
    expect(said).toContainEqual(expect.stringContaining("/paperclip/w is on no volume"));
  });

  test("a folder on a volume that the pod inherits is kept", async () => {
    const mounts = [
      {
        volume: { name: "repos", csi: { driver: "nfs.csi.k8s.io" } },
        mounts: [{ name: "repos", mountPath: "/repos/" }],
      },
    ];
    const { request, said } = await read({
      context: workspace("/repos/app"),
      reading: { kind: "in-pod", host: host({ mounts }) },
    });
    expect({ cwd: request.cwd, said }).toEqual({ cwd: "/repos/app", said: [] });
  });

  const template = (container: string, mount: object) =>
    JSON.stringify({ spec: { containers: [{ name: container, volumeMounts: [mount] }] } });

  test("a folder on a volume that podTemplate mounts for the agent is kept", async () => {
    const podTemplate = template("opencode", { name: "repos", mountPath: "/repos" });
    const { request, said } = await read({ context: workspace("/repos/app"), config: { podTemplate } });
    expect({ cwd: request.cwd, said }).toEqual({ cwd: "/repos/app", said: [] });
  });

  test.each([
    ["for a sidecar", template("sidecar", { name: "repos", mountPath: "/repos" })],
    ["as one that is taken away", template("opencode", { mountPath: "/repos", $patch: "delete" })],
  ])("a volume that podTemplate mounts %s does not count", async (_, podTemplate) => {
    const { request } = await read({ context: workspace("/repos/app"), config: { podTemplate } });
    expect(request.cwd).toBe("/opencode-run/work");
  });

  test.each([
    ["on no volume of the pod", "/repos/app", "missing_effective_cwd"],
    ["not there", "/paperclip/gone", "missing_git_metadata"],
  ])("a task was done in an empty folder: a project workspace that is %s refuses the run", async (_, cwd, reason) => {
    const context = { issueId: "i1", paperclipWorkspace: { cwd, source: "project_primary", workspaceId: "w1" } };
    await expect(read({ context })).rejects.toMatchObject({
      code: "workspace_validation_failed",
      message: expect.stringContaining(cwd),
      resultJson: { workspaceValidation: { reason, resolvedProjectWorkspaceId: "w1" } },
    });
  });

  test("a project workspace with a .git, folder or file, is taken", async () => {
    const sharedDir = await mkdtemp(join(tmpdir(), "shared-"));
    onTestFinished(() => rm(sharedDir, { recursive: true }));
    await mkdir(join(sharedDir, "w", ".git"), { recursive: true });
    const context = { issueId: "i1", paperclipWorkspace: { cwd: "/paperclip/w", source: "s", workspaceId: "w1" } };
    expect((await read({ context, sharedDir })).request.cwd).toBe("/paperclip/w");
  });

  test("the agent's own cwd setting is taken as it is", async () => {
    const { request, said } = await read({ config: { cwd: "/opt/work" } });
    expect({ cwd: request.cwd, said }).toEqual({ cwd: "/opt/work", said: [] });
  });

  test("without a shared claim and without a workspace nothing was lost", async () => {
    const { sharedVolume: _, ...rest } = host();
    const { request, said } = await read({ reading: { kind: "in-pod", host: rest } });
    expect(request.cwd).toBe("/opencode-run/work");
    expect(said).toEqual([expect.stringContaining("no shared volume keeps this agent's sessions")]);
  });
});

describe("outside Paperclip's cluster", () => {
  const reading: HostReading = { kind: "outside", why: "Pod a/b may not be looked for in the cluster at https://c." };

  test("an image is all that is needed, and what is lost is said", async () => {
    const { request, said } = await read({ reading, config: { image: "agent:1" } });
    expect(request).toMatchObject({ host: undefined, namespace: "agents" });
    expect(said[0]).toBe(`${reading.why} Nothing is inherited: no shared volume, no Secrets, no environment.`);
  });

  test("without an image the run cannot be", async () => {
    await expect(read({ reading })).rejects.toMatchObject({
      code: "k8s_not_in_cluster",
      message: expect.stringContaining("the image setting is not set"),
    });
  });
});

test.each([
  ["the task", { taskId: " T-1 ", issueId: "I-1" }, "T-1"],
  ["else the issue", { taskId: " ", issueId: "I-1" }, "I-1"],
  ["nothing that is no text", { taskId: 7, issueId: null }, undefined],
])("the task's id is that of %s", async (_, context, taskId) => {
  expect((await read({ context })).request.taskId).toBe(taskId);
});

test("of the workspace only text is read, and what is not there is undefined", async () => {
  const context = {
    paperclipWorkspace: { workspaceId: "w1", repoUrl: " https://git.example/app ", repoRef: { a: 1 } },
  };
  const { request } = await read({ context });
  expect(request.workspace).toEqual({ workspaceId: "w1", repoUrl: "https://git.example/app", repoRef: undefined });
  expect((await read()).request.workspace).toEqual({ workspaceId: undefined, repoUrl: undefined, repoRef: undefined });
});

describe("the operator's policy", () => {
  test("that cannot be read lets no run start", async () => {
    const failing = read({ policy: { kind: "invalid", why: "The operator's policy cannot be used: it is empty." } });
    await expect(failing).rejects.toMatchObject({
      code: "k8s_policy_invalid",
      message: expect.stringContaining("empty"),
    });
  });

  test("denies with a code of its own, and goes on with the request", async () => {
    const policy: PolicyReading = { kind: "policy", policy: policyOf("allow: {image: [a/*]}") };
    await expect(read({ policy, config: { image: "evil:1" } })).rejects.toMatchObject({
      code: "k8s_policy_denied",
      message: expect.stringContaining("OPENCODE_K8S_POLICY"),
    });
    await expect(read({ policy, config: { image: "evil:1", graceSec: "soon" } })).rejects.toMatchObject({
      code: "k8s_config_invalid",
    });
    expect((await read({ policy })).request.policy).toBe(policy.policy);
  });
});
