import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownLabels } from "../../src/job/names.ts";
import { kubectl, kubectlApply, kubectlJson } from "../paperclip/stage/kubectl.ts";
import { pause } from "../stories/stage.ts";
import { exampleFiles, examplesFolder, readExample } from "../support/example-files.ts";

const namespace = "e2e-examples";
const agents = `${namespace}-agents`;

interface Item {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: object; resourceVersion?: string };
  spec?: object;
}

beforeAll(async () => {
  await kubectl("delete", "namespace", namespace, agents, "--ignore-not-found", "--wait=true");
  await kubectl("create", "namespace", namespace);
  await kubectl("create", "namespace", agents);
});
afterAll(() => kubectl("delete", "namespace", namespace, agents, "--ignore-not-found", "--wait=false"));

/** What kustomize makes of a folder, with this suite's names in the place of the examples'. */
async function built(of: string): Promise<Item[]> {
  const text = await kubectl("kustomize", join(examplesFolder, of));
  return inOurs(loadAll(text) as Item[]);
}

function inOurs(items: readonly Item[]): Item[] {
  const ours = (name: string) => (name === "paperclip" ? namespace : name === "paperclip-agents" ? agents : name);
  return items.map((item) => {
    const moved: Item = JSON.parse(
      JSON.stringify(item, (key, value: unknown) =>
        key === "namespace" && typeof value === "string" ? ours(value) : value,
      ),
    );
    if (moved.kind === "Namespace") moved.metadata.name = ours(moved.metadata.name);
    return moved;
  });
}

/** The API server's whole judgement, with every unknown field an error, and nothing kept. */
async function dryRun(items: readonly Item[]): Promise<string[]> {
  const list = { apiVersion: "v1", kind: "List", items };
  const said = await withFile(list, (file) => kubectl("apply", "--dry-run=server", "--validate=strict", "-f", file));
  return said.trim().split("\n");
}

async function withFile<T>(content: object, use: (file: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "examples-"));
  try {
    const file = join(dir, "content.json");
    writeFileSync(file, JSON.stringify(content));
    return await use(file);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe("the API server takes, with every field known", () => {
  test.each(["rbac", "base", "overlays/existing", "overlays/production", "overlays/agents-namespace"])(
    "examples/%s",
    async (of) => {
      const items = await built(of);
      expect(await dryRun(items)).toHaveLength(items.length);
    },
  );

  test("examples/openshift, but for the Route, which is OpenShift's own", async () => {
    const items = await built("openshift");
    const known = items.filter(({ kind }) => kind !== "Route");
    expect(items.length - known.length).toBe(1);
    expect(await dryRun(known)).toHaveLength(known.length);
    const deployment = JSON.stringify(known.find(({ kind }) => kind === "Deployment"));
    for (const field of ["runAsUser", "runAsGroup", "fsGroup"]) expect(deployment).not.toContain(`"${field}"`);
  });

  const alone = exampleFiles.filter((file) => /^(storage\/|kind\/volume|networkpolicy|admission-policy)/.test(file));
  test.each(alone)("examples/%s", async (file) => {
    const items = inOurs(readExample<Item>(file));
    expect(await dryRun(items)).toHaveLength(items.length);
  });
});

describe("beside a Paperclip that runs already", () => {
  /** One that somebody made in another way: other labels, no Pod Security, an account of its own. */
  const living: object[] = [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "paperclip", namespace, labels: { app: "mine" } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: "mine" } },
        template: {
          metadata: { labels: { app: "mine" } },
          spec: { containers: [{ name: "server", image: "example.com/paperclip:1" }] },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "paperclip", namespace },
      spec: { selector: { app: "mine" }, ports: [{ port: 80, targetPort: 3100 }] },
    },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "paperclip", namespace } },
  ];

  async function versions(): Promise<Record<string, string | undefined>> {
    const kinds = "deployments,services,serviceaccounts,persistentvolumeclaims,secrets,configmaps";
    const { items } = await kubectlJson<{ items: Item[] }>("get", kinds, "-n", namespace);
    const own = await kubectlJson<Item>("get", "namespace", namespace);
    const all = [...items, own].map((item) => [`${item.kind}/${item.metadata.name}`, item.metadata.resourceVersion]);
    return Object.fromEntries(all);
  }

  test("overlays/existing makes the Role and its binding, and changes nothing that was there", async () => {
    for (const object of living) await kubectlApply(object);
    const before = await settled();
    for (const item of await built("overlays/existing")) await kubectlApply(item);
    expect(await versions()).toEqual(before);

    const account = `system:serviceaccount:${namespace}:paperclip`;
    const may = (verb: string, what: string) =>
      kubectl("auth", "can-i", verb, what, "-n", namespace, `--as=${account}`).then(
        (said) => said.trim(),
        () => "no",
      );
    expect([await may("create", "jobs"), await may("get", "pods/log"), await may("delete", "secrets")]).toEqual([
      "yes",
      "yes",
      "no",
    ]);
  });

  test("while base is not for it: the cluster refuses to change its Deployment", async () => {
    const deployment = (await built("base")).filter(({ kind }) => kind === "Deployment");
    await expect(dryRun(deployment)).rejects.toThrow("spec.selector");
  });

  /** The Deployment's controller writes its status once: until then its version moves by itself. */
  async function settled(): Promise<Record<string, string | undefined>> {
    for (let last = await versions(); ; ) {
      await pause(1500);
      const now = await versions();
      if (JSON.stringify(now) === JSON.stringify(last)) return now;
      last = now;
    }
  }
});

test("no agent's pod is evicted where production's budget is", async () => {
  const budget = (await built("overlays/production")).find(({ kind }) => kind === "PodDisruptionBudget");
  if (!budget) throw new Error("production has no PodDisruptionBudget");
  await kubectlApply(budget);
  // A pod that runs: of one that waits for a node an eviction is always allowed.
  const container = { name: "opencode", image: "docker.io/local/agent:1", command: ["sleep", "600"] };
  const spec = { containers: [{ ...container, imagePullPolicy: "IfNotPresent" }], restartPolicy: "Never" };
  const template = { metadata: { labels: ownLabels }, spec: { ...spec, terminationGracePeriodSeconds: 1 } };
  await kubectlApply({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "agent", namespace },
    spec: { template },
  });
  const selector = ["-n", namespace, "-l", "job-name=agent"];
  await kubectl("wait", "pod", "--for=create", ...selector, "--timeout=30s");
  await kubectl("wait", "pod", "--for=condition=Ready", ...selector, "--timeout=60s");
  const [name = ""] = (await kubectl("get", "pod", ...selector, "-o", "name")).trim().split("\n");
  const eviction = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name: name.replace("pod/", ""), namespace },
  };
  const path = `/api/v1/namespaces/${namespace}/pods/${eviction.metadata.name}/eviction`;
  const evicted = withFile(eviction, (file) => kubectl("create", "--raw", path, "-f", file));
  await expect(evicted).rejects.toThrow("violate the pod's disruption budget");
});
