import { existsSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { loadAll } from "js-yaml";
import { describe, expect, test } from "vitest";
import { permissions } from "../../src/cluster/permissions.ts";
import { exampleFiles as files, examplesFolder as folder, readExample } from "../support/example-files.ts";
import { builtTemplate } from "../support/job-request.ts";
import { policyOf } from "../support/parsed.ts";

interface Manifest {
  apiVersion?: string;
  kind?: string;
  metadata?: { name?: string; namespace?: string; labels?: Record<string, string> };
  spec?: Record<string, unknown>;
  [field: string]: unknown;
}

interface Kustomization {
  namespace?: string;
  resources: string[];
  patches?: { path?: string; patch?: string; target?: { kind: string } }[];
}

const overlays = files.filter((file) => file.endsWith("kustomization.yaml")).map((file) => dirname(file));

const read = <T = Manifest>(file: string) => readExample<T>(file);

function kustomization(of: string): Kustomization {
  const [found] = read<Kustomization>(join(of, "kustomization.yaml"));
  if (!found) throw new Error(`${of} has an empty kustomization`);
  return found;
}

/** All objects of a kustomization, without its patches, in the namespaces that it gives them. */
function objects(of: string): Manifest[] {
  const { resources, namespace } = kustomization(of);
  const found = resources.flatMap((name) => {
    const place = join(of, name);
    return statSync(join(folder, place)).isDirectory() ? objects(place) : read(place);
  });
  if (namespace === undefined) return found;
  return found.map((object) =>
    object.kind === "Namespace" ? object : { ...object, metadata: { ...object.metadata, namespace } },
  );
}

const kindsOf = (of: string) => objects(of).map(({ kind }) => kind ?? "");
const named = (object: Manifest) => `${object.kind} ${object.metadata?.namespace ?? ""}/${object.metadata?.name}`;

function only(of: string, kind: string): Manifest {
  const found = objects(of).filter((object) => object.kind === kind);
  if (found.length !== 1 || !found[0]) throw new Error(`${of} has ${found.length} of kind ${kind}`);
  return found[0];
}

describe.each(overlays)("examples/%s", (of) => {
  test("has each file that it names, and each once", () => {
    const { resources, patches = [] } = kustomization(of);
    const paths = [...resources, ...patches.flatMap(({ path }) => path ?? [])];
    expect(paths.filter((path) => !existsSync(join(folder, of, path)))).toEqual([]);
    const all = objects(of).map(named);
    expect(all.filter((name, at) => all.indexOf(name) !== at)).toEqual([]);
  });

  test("names every file that lies beside it", () => {
    const { resources, patches = [] } = kustomization(of);
    const known = [...resources, ...patches.flatMap(({ path }) => path ?? []), "kustomization.yaml"];
    const beside = files.filter((file) => dirname(file) === of).map((file) => relative(of, file));
    expect(beside.filter((file) => !known.includes(file))).toEqual([]);
  });

  test("patches what it has", () => {
    const have = kindsOf(of);
    for (const { path, target } of kustomization(of).patches ?? []) {
      const patched = path === undefined ? [target?.kind] : read(join(of, path)).map(({ kind }) => kind);
      for (const kind of patched) expect(have).toContain(kind);
    }
  });
});

test("every other file is applied by itself, and of a known kind", () => {
  const single = files.filter((file) => !overlays.includes(dirname(file)) && dirname(file) !== ".");
  const kinds = single.map((file) => `${file}: ${read(file).map(({ kind }) => kind ?? "values")}`);
  expect(kinds.toSorted()).toEqual([
    "helm/values.yaml: values",
    "kind/cluster.yaml: Cluster",
    "kind/volume.yaml: PersistentVolume",
    "kueue/queue.yaml: ResourceFlavor,ClusterQueue,LocalQueue",
    "storage/azure-files.yaml: StorageClass",
    "storage/cephfs.yaml: StorageClass",
    "storage/efs.yaml: StorageClass",
    "storage/filestore.yaml: StorageClass",
    "storage/nfs.yaml: StorageClass",
  ]);
});

test("beside a Paperclip that runs already only rights are made, for an account that it has", () => {
  expect(objects("overlays/existing").map(named)).toEqual([
    "Role paperclip/paperclip-adapter",
    "RoleBinding paperclip/paperclip-adapter",
  ]);
  const { namespace, patches = [] } = kustomization("overlays/existing");
  const [patch] = loadAll(patches[0]?.patch ?? "") as { path: string; value: { namespace: string }[] }[][];
  expect(patch?.map(({ path, value }) => [path, value.map((subject) => subject.namespace)])).toEqual([
    ["/subjects", [namespace]],
  ]);
});

test("production is the new Paperclip with more: a policy that can be read, and no value that an agent could open", () => {
  const [patch] = read<Manifest & { spec: { template: { spec: { containers: Container[] } } } }>(
    "overlays/production/deployment.yaml",
  );
  const [container] = patch?.spec.template.spec.containers ?? [];
  const policy = container?.env.find(({ name }) => name === "OPENCODE_K8S_POLICY")?.value ?? "";
  expect(policyOf(policy).fixed).toMatchObject({ isolation: "strict" });
  const secrets = container?.env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []) ?? [];
  expect(secrets.map(({ key, optional }) => [key, optional])).toEqual([
    ["DATABASE_URL", false],
    ["PAPERCLIP_SECRETS_MASTER_KEY", false],
  ]);
  const host = /https:\/\/(.*)/.exec(
    container?.env.find(({ name }) => name === "PAPERCLIP_PUBLIC_URL")?.value ?? "",
  )?.[1];
  expect(JSON.stringify(only("overlays/production", "Ingress").spec)).toContain(`"host":"${host}"`);
  expect(container?.env.find(({ name }) => name === "PAPERCLIP_ALLOWED_HOSTNAMES")?.value).toContain(`,${host}`);
});

interface Container {
  env: { name: string; value?: string; valueFrom?: { secretKeyRef?: { key: string; optional?: boolean } } }[];
}

test("the budget of disruptions is for agents' pods, and not for Paperclip's", () => {
  const selector = only("overlays/production", "PodDisruptionBudget").spec?.["selector"];
  const labels = (selector as { matchLabels: Record<string, string> }).matchLabels;
  expect(builtTemplate().metadata?.labels).toMatchObject(labels);
  expect(Object.keys(labels).length).toBeGreaterThan(1);
});

test("agents of a namespace of their own: the whole Role there, and of Paperclip's only its own pod", () => {
  const of = "overlays/agents-namespace";
  expect(objects(of).map(named).toSorted()).toEqual([
    "Namespace /paperclip-agents",
    "PersistentVolumeClaim paperclip-agents/paperclip-data",
    "Role paperclip-agents/paperclip-adapter",
    "Role paperclip/paperclip-adapter",
    "RoleBinding paperclip-agents/paperclip-adapter",
    "RoleBinding paperclip/paperclip-adapter",
  ]);
  for (const { kind, subjects } of objects(of)) {
    if (kind === "RoleBinding") {
      expect(subjects).toEqual([{ kind: "ServiceAccount", name: "paperclip", namespace: "paperclip" }]);
    }
  }
  const role = objects(of).find(({ kind, metadata }) => kind === "Role" && metadata?.namespace === "paperclip");
  const pods = permissions.find(({ resource }) => resource === "pods");
  const rules = role?.["rules"] as { resources: string[]; verbs: string[] }[];
  expect(rules.map(({ resources }) => resources)).toEqual([["pods"]]);
  expect(pods?.verbs).toEqual(expect.arrayContaining(rules[0]?.verbs ?? []));
  expect(only(of, "PersistentVolumeClaim").metadata?.name).toBe(only("base", "PersistentVolumeClaim").metadata?.name);
});

test("each class of storage has the name that the claim asks for, and keeps what it holds", () => {
  const claim = only("base", "PersistentVolumeClaim").spec;
  for (const file of files.filter((one) => dirname(one) === "storage")) {
    const [storage] = read(file);
    expect(storage?.metadata?.name, file).toBe(claim?.["storageClassName"]);
    expect(storage?.["reclaimPolicy"], file).toBe("Retain");
  }
});

test("Kueue's queue takes part in what agents ask for by default, in the namespace of their Jobs", () => {
  const [flavor, cluster, local] = read("kueue/queue.yaml");
  expect(local?.metadata?.namespace).toBe("paperclip");
  expect(local?.spec).toEqual({ clusterQueue: cluster?.metadata?.name });
  expect(JSON.stringify(cluster?.spec)).toContain(`"name":"${flavor?.metadata?.name}"`);
  const { requests = {} } = builtTemplate().spec.containers[0]?.resources ?? {};
  const groups = (cluster?.spec?.["resourceGroups"] ?? []) as { coveredResources: string[] }[];
  expect(groups[0]?.coveredResources).toEqual(expect.arrayContaining(Object.keys(requests)));
});

test("Helm's values have the names of the new Paperclip's files", () => {
  const [values] = read<{
    serviceAccount: { name: string };
    podLabels: object;
    persistence: { mountPath: string; accessMode: string };
    env: object[];
    envFrom: object[];
  }>("helm/values.yaml");
  const template = only("base", "Deployment").spec?.["template"] as { metadata: { labels: object }; spec: object };
  expect(template.metadata.labels).toMatchObject(values?.podLabels ?? { missing: true });
  expect(template.spec).toMatchObject({ serviceAccountName: values?.serviceAccount.name });
  const text = JSON.stringify(template.spec);
  for (const entry of values?.env ?? []) expect(text).toContain(JSON.stringify(entry));
  expect(values?.persistence).toMatchObject({ mountPath: "/paperclip", accessMode: "ReadWriteMany" });
});
