import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Job, Pod } from "../../src/cluster/cluster.ts";
import type { Adapter } from "../../src/index.ts";
import { databaseClaimName } from "../../src/job/names.ts";
import { asAdmin, pause, startRun, untilReady } from "../stories/stage.ts";
import { built, jobRequest, type RequestChanges } from "../support/job-request.ts";
import { examples } from "../world/manifests.ts";
import { realWorld } from "../world/real-world.ts";
import type { World } from "../world/world.ts";

const namespace = "e2e-admission-policy";
const signal = new AbortController().signal;
const group = "/apis/admissionregistration.k8s.io/v1";

interface Named {
  kind: string;
  metadata: { name: string };
}

/** The very file of `examples/`, for this namespace alone. */
const policies = (
  JSON.parse(
    JSON.stringify(examples(namespace, ["admission-policy.yaml"]))
      .replaceAll("paperclip-agents", namespace)
      .replace('"kubernetes.io/metadata.name":"paperclip"', `"kubernetes.io/metadata.name":"${namespace}"`),
  ) as Named[]
).map((body) => ({
  body,
  path: `${group}/${body.kind === "ValidatingAdmissionPolicy" ? "validatingadmissionpolicies" : "validatingadmissionpolicybindings"}`,
}));

let world: World;
let adapter: Adapter;

beforeAll(async () => {
  world = await realWorld({ namespace, volume: "db1" });
  // What Pod Security would refuse by itself says nothing of the policy.
  const labels = { "pod-security.kubernetes.io/enforce": "privileged" };
  const path = `/api/v1/namespaces/${namespace}`;
  const contentType = "application/merge-patch+json";
  await asAdmin(world, { method: "PATCH", path, contentType, body: { metadata: { labels } } });
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "agents", namespace } };
  await asAdmin(world, { method: "POST", path: `${path}/serviceaccounts`, body: account });
  adapter = world.adapter();
  await removePolicies();
  for (const policy of policies) await asAdmin(world, { method: "POST", ...policy });
  for (let tries = 0; tries < 100; tries++) {
    // The rules for Jobs and for pods come into force one after the other: until then the answers differ.
    if ((await refusal({ hostNetwork: true }).catch(() => undefined)) !== undefined) return;
    await pause(200);
  }
  throw new Error("the policy does not come into force");
});
afterAll(async () => {
  await adapter?.close();
  if (world) await removePolicies();
  await world?.stop();
});

async function removePolicies(): Promise<void> {
  for (const { path, body } of policies) {
    await asAdmin(world, { method: "DELETE", path: `${path}/${body.metadata.name}` }).catch(() => undefined);
  }
}

type Spec = NonNullable<Pod["spec"]>;

const agent = jobRequest().agent.id;
const changes: RequestChanges = {
  namespace,
  settings: { agentDbMode: "dedicated_pvc" },
  prompt: { kind: "secret", secrets: [[Buffer.from("x")]] },
};

/** A run's Job as the adapter makes it, with changes to its pod that no policy of the adapter's has seen. */
function jobWith(spec: object, labels: object = {}): Job {
  const { job } = built(changes);
  if (!job.spec) throw new Error("a Job without a spec");
  const { template } = job.spec;
  const metadata = { ...template.metadata, labels: { ...template.metadata?.labels, ...labels } };
  return { ...job, spec: { ...job.spec, template: { metadata, spec: { ...template.spec, ...spec } as Spec } } };
}

const sidecar = (fields: object) => {
  const containers = jobWith({}).spec?.template.spec?.containers ?? [];
  const securityContext = { allowPrivilegeEscalation: false };
  return { containers: [...containers, { name: "side", image: "side:1", securityContext, ...fields }] };
};
const volume = (fields: object) => {
  const volumes = jobWith({}).spec?.template.spec?.volumes ?? [];
  return { volumes: [...volumes, { name: "extra", ...fields }] };
};

/** Why the cluster does not take the Job, nor its pod alone; undefined when it takes both. */
async function refusal(spec: object, labels: object = {}): Promise<string | undefined> {
  const job = jobWith(spec, labels);
  const { template } = job.spec ?? {};
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "alone",
      namespace,
      labels: { ...template?.metadata?.labels, "batch.kubernetes.io/job-name": job.metadata?.name ?? "" },
    },
    spec: template?.spec,
  } as Pod;
  const refused = async (creation: Promise<unknown>) =>
    creation.then(
      () => undefined,
      (error: Error) => error.message,
    );
  const ofJob = await refused(world.admin.create("jobs", job, { signal, dryRun: true }));
  const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
  const ofPod = await refused(asAdmin(world, { method: "POST", path, body: pod }));
  if ((ofJob === undefined) !== (ofPod === undefined)) throw new Error(`Job: ${ofJob}; pod: ${ofPod}`);
  return ofJob;
}

test("a run's own Job and pod are taken", async () => {
  expect(await refusal({})).toBeUndefined();
  expect(await refusal(sidecar({}))).toBeUndefined();
  expect(await refusal({ serviceAccountName: "agents", automountServiceAccountToken: undefined })).toBeUndefined();
});

test("a run comes to its end under the policy", async () => {
  await untilReady(world);
  const { result } = await startRun(world, adapter, { agentId: "admitted", chatter: { lines: 3, rate: 50 } }).done;
  expect(result).toMatchObject({ exitCode: 0 });
});

describe("the cluster refuses by itself what the adapter denies", () => {
  const env = (name: string) => [{ name: "X", valueFrom: { secretKeyRef: { name, key: "k" } } }];
  test.each([
    ["Paperclip's service account", () => ({ serviceAccountName: "paperclip" }), "service account is not for agents"],
    ["the same by the older field", () => ({ serviceAccount: "paperclip" }), "service account is not for agents"],
    ["a token without an account", () => ({ automountServiceAccountToken: true }), "has no token"],
    [
      "a projected token",
      () => volume({ projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }),
      "has no token",
    ],
    ["a Secret of the server", () => sidecar({ env: env("paperclip-server") }), "Secrets of Paperclip's server"],
    [
      "the same in bulk",
      () => sidecar({ envFrom: [{ secretRef: { name: "paperclip-server" } }] }),
      "Secrets of Paperclip's server",
    ],
    [
      "the same as a volume",
      () => volume({ secret: { secretName: "paperclip-server" } }),
      "Secrets of Paperclip's server",
    ],
    [
      "the same in a projected volume",
      () => volume({ projected: { sources: [{ secret: { name: "paperclip-server" } }] } }),
      "Secrets of Paperclip's server",
    ],
    ["another run's Secret", () => sidecar({ env: env("agent-opencode-x-env") }), "Secrets of other runs"],
    ["a claim of the server", () => volume({ persistentVolumeClaim: { claimName: "paperclip-backups" } }), "Claims of"],
    ["another agent's claim", () => volume({ persistentVolumeClaim: { claimName: "opencode-db-x" } }), "Claims of"],
    ["the node's disk", () => volume({ hostPath: { path: "/" } }), "Volumes of the node"],
    ["a storage of its own", () => volume({ nfs: { server: "10.0.0.1", path: "/" } }), "Volumes of the node"],
    ["the node's network", () => ({ hostNetwork: true }), "namespaces and ports"],
    ["the node's processes", () => ({ hostPID: true }), "namespaces and ports"],
    ["a port of the node", () => sidecar({ ports: [{ containerPort: 1, hostPort: 1 }] }), "namespaces and ports"],
    ["a privileged container", () => sidecar({ securityContext: { privileged: true } }), "neither privileged"],
    ["a way to become root", () => sidecar({ securityContext: {} }), "neither privileged"],
    [
      "a capability",
      () => sidecar({ securityContext: { allowPrivilegeEscalation: false, capabilities: { add: ["NET_ADMIN"] } } }),
      "neither privileged",
    ],
    [
      "a container that may be root",
      () => sidecar({ securityContext: { allowPrivilegeEscalation: false, runAsNonRoot: false } }),
      "do not run as root",
    ],
    ["a pod that may be root", () => ({ ...sidecar({}), securityContext: {} }), "do not run as root"],
    ["a node past the scheduler", () => ({ nodeName: "node1" }), "scheduler chooses"],
    ["a class of the cluster's own parts", () => ({ priorityClassName: "system-node-critical" }), "own parts"],
  ])("%s", async (_, spec, why) => {
    expect(await refusal(spec())).toContain(why);
  });

  test("the label by which Paperclip's Service finds its pod", async () => {
    expect(await refusal({}, { "paperclip.io/server": "true" })).toContain("The label of Paperclip's own pod");
  });

  test("whatever labels are left out", async () => {
    const { job } = built(changes);
    const bare = jobWith({ hostPID: true });
    const template = { ...bare.spec?.template, metadata: {} };
    const unlabelled = { ...bare, metadata: { name: "x", namespace }, spec: { ...job.spec, template } } as Job;
    await expect(world.admin.create("jobs", unlabelled, { signal, dryRun: true })).rejects.toThrow(
      "ValidatingAdmissionPolicy",
    );
  });

  test("an agent's own claim and its run's own Secrets are its own", () => {
    const names = JSON.stringify(jobWith({}).spec);
    expect(names).toContain(databaseClaimName(agent));
    expect(names).toContain(`${jobWith({}).metadata?.name}-env`);
  });
});

test("fields that Kubernetes does not know, in other letters too, come to nothing", async () => {
  const spec = {
    hostnetwork: true,
    HostPID: true,
    ...sidecar({ securitycontext: { privileged: true }, SecurityContext: {} }),
  };
  const job = jobWith(spec);
  const made = await world.admin.create("jobs", job, { signal, dryRun: true });
  const text = JSON.stringify(made.spec?.template.spec);
  expect(text).not.toMatch(/hostnetwork|hostpid|securitycontext":{"privileged/i);
});
