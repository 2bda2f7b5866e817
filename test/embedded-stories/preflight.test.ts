import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AdapterEnvironmentTestResult } from "@paperclipai/adapter-utils";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { connectCluster } from "../../src/cluster/connect.ts";
import { permissions } from "../../src/cluster/permissions.ts";
import { noPolicy } from "../../src/config/policy/policy.ts";
import { createSuspendedJobCleanup } from "../../src/guard/suspended-job-cleanup.ts";
import type { CheckContext } from "../../src/health/check-context.ts";
import type { Finding } from "../../src/health/finding.ts";
import { createPreflight } from "../../src/health/preflight/preflight.ts";
import { createHostReader } from "../../src/host/read-host.ts";
import type { Adapter } from "../../src/index.ts";
import { ownSelector } from "../../src/job/names.ts";
import { createPodWatcher } from "../../src/pod/pod-watcher.ts";
import { defaultLimits } from "../../src/run/limits.ts";
import { opencodeConfig } from "../model/opencode-config.ts";
import { parsed } from "../support/parsed.ts";
import { type EmbeddedWorld, embeddedWorld } from "../world/embedded-world.ts";
import { accountFiles, examples, namespaceObject } from "../world/manifests.ts";
import { type Recording, recordObjects } from "../world/record-objects.ts";
import { leftBehind } from "../world/world.ts";

const key = "sk-of-the-provider-77";
const secret = "value-of-the-user-88";
const before = process.env["PAPERCLIP_API_URL"];

const paperclip = createServer((request, response) => {
  response.writeHead(request.url === "/api/health" ? 200 : 403).end("{}");
});
let url: string;
let world: EmbeddedWorld;
let adapter: Adapter;
let recording: Recording;

beforeAll(async () => {
  await new Promise<void>((resolve) => paperclip.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(paperclip.address() as AddressInfo).port}`;
  process.env["PAPERCLIP_API_URL"] = url; // where Paperclip's own helpers look for it
  const config = opencodeConfig({ baseUrl: "http://127.0.0.1:1/v1", apiKey: key });
  const env = { PAPERCLIP_API_URL: url, OPENCODE_CONFIG_CONTENT: JSON.stringify(config) };
  world = await embeddedWorld({ env });
  adapter = world.adapter({
    env: { HOSTNAME: "paperclip-0", ...world.cluster.serviceEnv, ...env },
    limits: { noPodMs: 100, suspectMs: 500 },
  });
});
afterAll(async () => {
  await adapter?.close();
  await world?.stop();
  paperclip.close();
  if (before === undefined) delete process.env["PAPERCLIP_API_URL"];
  else process.env["PAPERCLIP_API_URL"] = before;
});

beforeEach(async () => {
  recording = await recordObjects(world);
});
/** Whatever was found: nothing stays, of no kind. */
afterEach(async () => {
  await recording.stop();
  expect(await leftBehind(world)).toEqual([]);
  expect(existsSync(join(world.sharedFolder, ".opencode-k8s"))).toBe(false);
});

async function runTest(config: Record<string, unknown> = {}): Promise<AdapterEnvironmentTestResult> {
  return adapter.testEnvironment({
    companyId: "c1",
    adapterType: "opencode_k8s",
    config: {
      kubeconfig: await world.kubeconfig("paperclip"),
      model: "scripted/scripted",
      graceSec: 5,
      resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "2", memory: "2Gi" } },
      ...config,
    },
  });
}

/** `level code` of what the pod told, and of all else that is no all-clear. */
function told({ checks }: AdapterEnvironmentTestResult): string[] {
  const inside = /preflight|^opencode_|k8s_api_url_(reach|unreach|refused|untested)/;
  return checks
    .filter(({ code, level }) => inside.test(code) || (level !== "info" && code !== "k8s_api_url_loopback"))
    .map(({ code, level }) => `${level} ${code}`);
}

function message({ checks }: AdapterEnvironmentTestResult, code: string): string {
  return checks.find((check) => check.code === code)?.message ?? "";
}

describe("the preflight of a sound agent", () => {
  test("tells OpenCode's version, that the model is known and that Paperclip can be reached", async () => {
    const result = await runTest({ env: { AGENT_SECRET: secret } });
    expect(told(result)).toEqual([
      "info k8s_preflight_started",
      "info opencode_version",
      "info opencode_model_known",
      "info k8s_api_url_reachable",
    ]);
    expect(message(result, "opencode_version")).toContain("1.18.33");
    expect(message(result, "k8s_api_url_reachable")).toContain(url);
    expect(JSON.stringify(result) + recording.text).not.toMatch(new RegExp(`${key}|${secret}`));
  });

  test("is a Job of no agent that would end by itself, with a run's pod and no database", async () => {
    await runTest({ agentDbMode: "dedicated_pvc", agentDbStorageClass: "rwx", timeoutSec: 600 });
    const job = recording.last("jobs");
    expect(recording.count("jobs")).toBe(1);
    expect(job?.metadata?.labels).toMatchObject({
      "paperclip.io/agent-id": expect.stringMatching(/^preflight-/),
      "paperclip.io/preflight": "true",
    });
    expect(job?.spec).toMatchObject({ activeDeadlineSeconds: 120, ttlSecondsAfterFinished: 60, backoffLimit: 0 });
    expect(recording.last("pods")?.spec?.activeDeadlineSeconds).toBe(600 + 5 + 900);
    expect(recording.text).not.toContain("opencode-db-");
  });

  test("makes no call beyond the documented Role", () => {
    const granted = new Set(permissions.flatMap(({ resource, verbs }) => verbs.map((verb) => `${verb} ${resource}`)));
    const made = world.cluster.calls
      .filter(({ user }) => user === "system:serviceaccount:paperclip:paperclip")
      .map(({ verb, resource, subresource }) => `${verb} ${resource}${subresource ? `/${subresource}` : ""}`);
    const beyond = new Set(made.filter((call) => !granted.has(call)));
    expect([...beyond]).toEqual(["create selfsubjectaccessreviews"]);
  });
});

test("an image without OpenCode is an error, and the rest is told all the same", async () => {
  const result = await runTest({ image: "docker.io/library/busybox:1.36" });
  expect(result.status).toBe("fail");
  expect(told(result)).toEqual(["info k8s_preflight_started", "error opencode_missing", "info k8s_api_url_reachable"]);
});

test("an unknown model is an error that says what is listed", async () => {
  const result = await runTest({ model: "other/scripted" });
  expect(told(result)).toContain("error opencode_model_unknown");
  expect(message(result, "opencode_model_unknown")).toMatch(/lists \d+ models .* nor is any of provider other/);
});

test("a Paperclip that cannot be reached, or that refuses the address, is a warning", async () => {
  try {
    process.env["PAPERCLIP_API_URL"] = "http://127.0.0.1:1";
    expect(told(await runTest())).toContain("warn k8s_api_url_unreachable");
    process.env["PAPERCLIP_API_URL"] = `${url}/elsewhere`;
    expect(message(await runTest(), "k8s_api_url_refused")).toContain("HTTP status 403");
  } finally {
    process.env["PAPERCLIP_API_URL"] = url;
  }
});

test("an image that cannot be pulled is an error in the cluster's words", async () => {
  const result = await runTest({ image: "docker.io/local/nothing:1" });
  expect(told(result)).toEqual(["error k8s_preflight_not_started"]);
  expect(message(result, "k8s_preflight_not_started")).toMatch(/registry does not have the image.*local\/nothing:1/);
});

test("a quota without room for the pod, which a dry run does not see, is an error", async () => {
  const quota = {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "none", namespace: "full" },
    spec: { hard: { pods: "0" } },
  };
  const items = [namespaceObject("full"), ...examples("full", accountFiles).map(boundToPaperclip), quota];
  await world.cluster.apply(JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  const result = await runTest({ namespace: "full" });
  expect(result.checks.map(({ code }) => code)).toContain("k8s_job_accepted");
  expect(told(result)).toContain("error k8s_preflight_not_started");
  expect(message(result, "k8s_preflight_not_started")).toContain("exceeded quota: none");
  expect(await leftBehind({ ...world, namespace: "full" })).toEqual([]);
});

test("a pod that Pod Security refuses is an error", async () => {
  const spec = { containers: [{ name: "opencode", securityContext: { capabilities: null } }] };
  const result = await runTest({ podTemplate: { spec } });
  expect(told(result)).toEqual(["error k8s_preflight_not_started"]);
  expect(message(result, "k8s_preflight_not_started")).toContain("violates PodSecurity");
});

describe("a preflight that is cut short", () => {
  const limitMs = 12_000; // of which 10 are kept for the removal

  test("while its pod waits for a node says for what", async () => {
    const [found, ...others] = await look({ nodeSelector: "disk=of-gold" }, { limitMs });
    expect(found).toMatchObject({ code: "k8s_preflight_waiting", level: "warn" });
    expect(found?.message).toMatch(/within 2 s; still waiting for a node: .*node/);
    expect(others).toEqual([]);
  });

  test("while OpenCode hangs tells what it knows", async () => {
    const startedMs = Date.now();
    const found = await look({ env: { PATH: `${hanging()}:/usr/bin:/bin` } }, { limitMs });
    expect(found.map(({ code }) => code)).toEqual([
      "k8s_preflight_started",
      "k8s_api_url_reachable",
      "k8s_preflight_incomplete",
    ]);
    expect(Date.now() - startedMs).toBeLessThan(limitMs);
  });

  test.each([0, 300, 1_500])("by who asked for it, after %i ms, leaves nothing either", async (afterMs) => {
    const stop = new AbortController();
    const looking = look({ env: { PATH: `${hanging()}:/usr/bin:/bin` } }, { limitMs: 45_000, signal: stop.signal });
    setTimeout(() => stop.abort(new Error("the request was aborted")), afterMs);
    await expect(looking).rejects.toThrow("the request was aborted");
  });
});

test("with an error before it no pod is made, and that is said", async () => {
  const result = await runTest({ model: "no-provider" });
  expect(told(result)).toEqual(["error k8s_config_invalid", "info k8s_preflight_skipped"]);
  expect(recording.count("jobs")).toBe(0);
});

/** The preflight alone, with a bound of its own. */
async function look(
  config: Record<string, unknown>,
  { limitMs, signal = new AbortController().signal }: { limitMs: number; signal?: AbortSignal },
): Promise<Finding[]> {
  const cluster = await connectCluster({ kubeconfig: await world.kubeconfig("paperclip") });
  const { namespace } = world;
  const serviceAccountDir = world.cluster.serviceAccountDir({ serviceAccount: "paperclip", namespace });
  const reading = await createHostReader({ env: { HOSTNAME: "paperclip-0" }, serviceAccountDir })(cluster, signal);
  if (reading.kind !== "in-pod") throw new Error(reading.why);
  const podWatcher = createPodWatcher(cluster, { namespace, labelSelector: ownSelector });
  const working: Promise<unknown>[] = [];
  const preflight = createPreflight({
    podWatcher: () => podWatcher,
    background: (_, work) => working.push(work),
    processName: "story",
    limits: { ...defaultLimits, noPodMs: 100 },
    suspendedJobs: createSuspendedJobCleanup({ everyMs: 0, suspendedForeignMs: 600_000 }),
  });
  const settings = parsed({ model: "scripted/scripted", ...config });
  const site: CheckContext = { policy: noPolicy, settings, cluster, namespace, host: reading.host, env: {}, signal };
  try {
    return await preflight(site, { companyId: "c1", limitMs });
  } finally {
    await Promise.all(working);
    await cluster.close();
  }
}

/** A folder with an opencode that does not answer. */
function hanging(): string {
  const folder = mkdtempSync(join(tmpdir(), "hanging-opencode-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "opencode"), "#!/bin/sh\nexec sleep 60\n", { mode: 0o755 });
  return folder;
}

function boundToPaperclip(object: object): object {
  if (!("subjects" in object)) return object;
  return { ...object, subjects: [{ kind: "ServiceAccount", name: "paperclip", namespace: "paperclip" }] };
}
