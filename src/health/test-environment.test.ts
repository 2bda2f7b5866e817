import { expect, test } from "vitest";
import { ApiError } from "../cluster/api-error.ts";
import type { AccessReview, Claim, Cluster, Job } from "../cluster/cluster.ts";
import { noPolicy } from "../config/policy/policy.ts";
import type { PolicyReading } from "../config/policy-reader.ts";
import type { Host } from "../host/host.ts";
import type { HostReading } from "../host/read-host.ts";
import type { PreflightRequest } from "./check-context.ts";
import { finding } from "./finding.ts";
import { type HealthDeps, testEnvironment } from "./test-environment.ts";

const host: Host = {
  namespace: "paperclip",
  podName: "paperclip-1",
  labels: { app: "paperclip" },
  serviceAccountName: "paperclip",
  admittedByOpenShift: false,
  withheld: { secrets: ["paperclip-server"], claims: ["paperclip-data"] },
  image: "paperclip:1",
  imagePullSecrets: [],
  sharedVolume: { claimName: "paperclip-data", readOnly: false },
  mounts: [{ volume: { name: "git", secret: { secretName: "git" } }, mounts: [{ name: "git", mountPath: "/git" }] }],
  env: [{ name: "KEY", valueFrom: { secretKeyRef: { name: "keys", key: "k" } } }],
  envFrom: [{ secretRef: { name: "optional", optional: true } }],
  nodeSelector: {},
  tolerations: [],
};

interface World {
  reading?: HostReading;
  policy?: PolicyReading;
  /** `resource verb` that is refused. */
  denied?: string[];
  accessModes?: string[] | undefined;
  missing?: string[];
  refuses?: { dryRun: Error };
  fails?: Error;
  env?: Record<string, string>;
  preflight?: HealthDeps["preflight"];
}

interface Watched {
  created: { job: Job; dryRun: boolean }[];
  /** What was asked of the preflight. */
  looks: PreflightRequest[];
}

/** A cluster where everything is in order but for what `world` says. */
function depsOf(world: World): HealthDeps & Watched {
  const created: Watched["created"] = [];
  const looks: PreflightRequest[] = [];
  const read = async (resource: string, { name }: { name: string }) => {
    if (world.fails) throw world.fails;
    if (world.denied?.includes(`${resource} get`)) throw new ApiError("forbidden", { kind: "denied", status: 403 });
    if (world.missing?.includes(name)) return undefined;
    const claim: Claim = { spec: { accessModes: world.accessModes ?? ["ReadWriteMany"] } };
    return resource === "persistentvolumeclaims" ? claim : {};
  };
  const create = async (resource: string, object: unknown, { dryRun = false }: { dryRun?: boolean }) => {
    if (resource === "selfsubjectaccessreviews") {
      const { verb, resource: name, subresource } = (object as AccessReview).spec.resourceAttributes ?? {};
      const rule = `${name}${subresource ? `/${subresource}` : ""} ${verb}`;
      return { status: { allowed: !world.denied?.includes(rule) } };
    }
    created.push({ job: object as Job, dryRun });
    if (world.refuses) throw world.refuses.dryRun;
    return object;
  };
  const cluster = { server: "https://cluster", namespace: undefined, read, create } as unknown as Cluster;
  return {
    created,
    looks,
    preflight: async (site, request) => {
      looks.push(request);
      return world.preflight?.(site, request) ?? [finding("k8s_preflight_started", "It started.")];
    },
    connect: async () => cluster,
    readHost: async () => world.reading ?? { kind: "in-pod", host },
    readPolicy: async () => world.policy ?? { kind: "policy", policy: noPolicy },
    env: world.env ?? { PAPERCLIP_API_URL: "http://paperclip.paperclip.svc:3100" },
  };
}

const sound = { model: "anthropic/claude-sonnet-4-5" };

async function check(world: World, config: Record<string, unknown> = sound) {
  const deps = depsOf(world);
  const result = await testEnvironment({ adapterType: "opencode_k8s", companyId: "c1", config }, deps);
  const bad = result.checks.filter(({ level }) => level !== "info");
  return { ...result, bad: bad.map(({ code, level }) => `${level} ${code}`), created: deps.created, looks: deps.looks };
}

test("where everything is in order it passes, and nothing but the preflight creates anything", async () => {
  const result = await check({});
  expect(result).toMatchObject({ adapterType: "opencode_k8s", status: "pass", bad: [] });
  expect(result.created.map(({ dryRun }) => dryRun)).toEqual([true]);
  expect(Date.parse(result.testedAt)).not.toBeNaN();
});

test("the Job that is tried carries the agent's settings", async () => {
  const { created } = await check({}, { ...sound, "resources.requests.cpu": "250m" });
  expect(created[0]?.job.spec?.template.spec?.containers[0]?.resources?.requests?.["cpu"]).toBe("250m");
});

test("a missing right is told with the line that a Role needs", async () => {
  const { checks } = await check({ denied: ["jobs patch"] });
  expect(checks.find(({ code }) => code === "k8s_permission_missing")).toMatchObject({
    message: "Paperclip may not patch jobs (batch) in namespace paperclip.",
    hint: expect.stringContaining('- {apiGroups: ["batch"], resources: ["jobs"], verbs: ["patch"]}'),
  });
});

const refused = (kind: "invalid" | "denied") => new ApiError("the cluster's words", { kind, status: 403 });

const cases: [what: string, world: World, status: string, bad: string[]][] = [
  ["no permission to create Jobs", { denied: ["jobs create"] }, "fail", ["error k8s_permission_missing"]],
  ["no permission to follow logs", { denied: ["pods/log get"] }, "fail", ["error k8s_permission_missing"]],
  ["no permission to delete pods", { denied: ["pods delete"] }, "warn", ["warn k8s_permission_lacking"]],
  ["no permission to delete Jobs", { denied: ["jobs delete"] }, "warn", ["warn k8s_permission_lacking"]],
  ["no permission to list events", { denied: ["events list"] }, "warn", ["warn k8s_permission_lacking"]],
  ["a namespace that is not there", { missing: ["paperclip"] }, "fail", ["error k8s_namespace_missing"]],
  ["a claim for one node", { accessModes: ["ReadWriteOnce"] }, "warn", ["warn k8s_shared_claim_single_node"]],
  ["a claim for one pod", { accessModes: ["ReadWriteOncePod"] }, "fail", ["error k8s_shared_claim_single_pod"]],
  ["a Secret that is missing", { missing: ["keys"] }, "fail", ["error k8s_secret_missing"]],
  ["an optional Secret that is missing", { missing: ["optional"] }, "pass", []],
  [
    "a loopback address",
    { env: { PAPERCLIP_API_URL: "http://localhost:3100" } },
    "warn",
    ["warn k8s_api_url_loopback"],
  ],
  ["no address at all", { env: {} }, "warn", ["warn k8s_api_url_loopback"]],
  ["a Job that is refused", { refuses: { dryRun: refused("invalid") } }, "fail", ["error k8s_job_refused"]],
  [
    "outside a cluster",
    { reading: { kind: "outside", why: "Not in a pod." } },
    "fail",
    ["warn k8s_host_outside", "error k8s_image_unknown"],
  ],
  [
    "a pod that may not be read",
    { reading: { kind: "unreadable", why: "Denied.", transient: false, cause: refused("denied") } },
    "fail",
    ["error k8s_host_unreadable", "error k8s_image_unknown"],
  ],
  [
    "an API that does not answer",
    { fails: new ApiError("connect ECONNREFUSED", { kind: "unreachable", status: 0 }) },
    "fail",
    ["error k8s_connection_failed"],
  ],
  [
    "Secrets that may not be read",
    { denied: ["secrets get"] },
    "warn",
    ["warn k8s_permission_lacking", "warn k8s_check_failed"],
  ],
];

const skipped = { code: "k8s_preflight_skipped", level: "info" };

for (const [what, world, status, bad] of cases) {
  test(`${what}: ${status}`, async () => {
    const result = await check(world);
    expect(result).toMatchObject({ status, bad });
    for (const { level, hint, code } of result.checks) if (level !== "info") expect(hint, code).toBeTruthy();
    // With an error no pod is started, and that is said.
    const last = result.checks.at(-1);
    if (status === "fail") expect({ looks: result.looks, last }).toMatchObject({ looks: [], last: skipped });
    else expect(result.looks).toHaveLength(1);
  });
}

test("outside a cluster an image is enough", async () => {
  const result = await check({ reading: { kind: "outside", why: "Not in a pod." } }, { ...sound, image: "agent:1" });
  expect(result).toMatchObject({ status: "warn", bad: ["warn k8s_host_outside"] });
});

test("every bad setting is named, and the cluster is tested all the same", async () => {
  const result = await check(
    { accessModes: ["ReadWriteOnce"] },
    { model: "", "resources.requests.cpu": "much", ttlSecondsAfterFinished: 60 },
  );
  expect(result.bad).toEqual([
    "error k8s_config_invalid",
    "error k8s_config_invalid",
    "warn k8s_shared_claim_single_node",
  ]);
  expect(result.created).toHaveLength(1);
  expect(result.checks.at(-1)).toMatchObject(skipped);
});

test("what the operator's policy denies is told beside what cannot be used, and the rest is tested", async () => {
  const policy: PolicyReading = { kind: "policy", policy: { ...noPolicy, allow: { image: ["a/*"], labels: [] } } };
  const config = { ...sound, image: "evil:1", labels: "a=b", graceSec: "soon" };
  const result = await check({ policy }, config);
  expect(result.bad).toEqual(["error k8s_config_invalid", "error k8s_policy_denied", "error k8s_policy_denied"]);
  expect(result.created[0]?.job.spec?.template.spec?.containers[0]?.image).toBe("paperclip:1");
  expect(result.looks).toEqual([]);
});

test("a policy that cannot be used is told, and nothing is looked at", async () => {
  const result = await check({ policy: { kind: "invalid", why: "It is empty." } });
  expect(result).toMatchObject({ status: "fail", bad: ["error k8s_policy_invalid"] });
  expect(result.created).toEqual([]);
});

test("what the pod may not have is told by the check of the Job", async () => {
  const result = await check({}, { ...sound, podTemplate: { spec: { hostPID: true } } });
  expect(result.bad).toContain("error k8s_policy_denied");
  expect(result.created).toEqual([]);
});

test("what the preflight finds comes last and counts", async () => {
  const found = finding("opencode_missing", "No opencode.");
  const result = await check({ preflight: async () => [found] });
  expect(result).toMatchObject({ status: "fail", bad: ["error opencode_missing"] });
  expect(result.checks.at(-1)).toEqual(found);
  expect(result.looks).toEqual([{ companyId: "c1", limitMs: 45_000 }]);
});

test("a cluster that does not let the preflight be made is told in its words", async () => {
  const preflight = async () => Promise.reject(refused("denied"));
  const { checks, status } = await check({ preflight });
  expect(status).toBe("warn");
  expect(checks.at(-1)).toMatchObject({ code: "k8s_check_failed" });
  expect(checks.at(-1)?.message).toContain("the cluster's words");
});

test("what a dry run cannot see is not claimed", async () => {
  const { checks } = await check({});
  expect(checks.find(({ code }) => code === "k8s_job_accepted")?.message).toContain("says nothing of the Job's pod");
});

test("a login in Paperclip's address is not shown", async () => {
  const { checks } = await check({ env: { PAPERCLIP_API_URL: "http://me:hunter2@paperclip.svc:3100" } });
  expect(checks.find(({ code }) => code === "k8s_api_url_set")?.message).toContain("http://paperclip.svc:3100");
});

test("a run in another namespace gets along without Paperclip's Secrets", async () => {
  const result = await check({ missing: ["keys", "paperclip-data"] }, { ...sound, namespace: "elsewhere" });
  expect(result).toMatchObject({ status: "warn", bad: ["warn k8s_shared_claim_missing", "warn k8s_secret_left_out"] });
});

test("the agent's own database claim is tried too", async () => {
  const { created } = await check({}, { ...sound, agentDbMode: "dedicated_pvc" });
  expect(created.map(({ job, dryRun }) => [job.kind, dryRun])).toEqual([
    ["Job", true],
    ["PersistentVolumeClaim", true],
  ]);
});
