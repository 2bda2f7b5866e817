import { readFileSync } from "node:fs";
import { BlockList } from "node:net";
import { join } from "node:path";
import type {
  V1Deployment,
  V1Namespace,
  V1NetworkPolicy,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Role,
  V1RoleBinding,
  V1Service,
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
} from "@kubernetes/client-node";
import { describe, expect, test } from "vitest";
import type { Serialized } from "../../src/cluster/cluster.ts";
import { permissions } from "../../src/cluster/permissions.ts";
import { isReservedLabel } from "../../src/config/formats/reserved-labels.ts";
import { extractHost } from "../../src/host/inherit.ts";
import { exampleFiles, examplesFolder, readExample } from "../support/example-files.ts";
import { builtTemplate } from "../support/job-request.ts";

const root = join(import.meta.dirname, "../..");

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata?: { name?: string; namespace?: string };
}

/** The kinds of which there is one, as their files should have them. */
interface Kinds {
  Cluster: { nodes: { role: string }[] };
  Deployment: V1Deployment;
  Namespace: V1Namespace;
  NetworkPolicy: V1NetworkPolicy;
  PersistentVolume: V1PersistentVolume;
  PersistentVolumeClaim: V1PersistentVolumeClaim;
  Role: V1Role;
  RoleBinding: V1RoleBinding;
  Service: V1Service;
  ServiceAccount: Manifest;
  ValidatingAdmissionPolicy: V1ValidatingAdmissionPolicy;
  ValidatingAdmissionPolicyBinding: V1ValidatingAdmissionPolicyBinding;
}

const manifests = exampleFiles.flatMap((file) => readExample<Manifest>(file).map((manifest) => ({ file, manifest })));

/** Of a new Paperclip, and what is applied beside it; overlays have a test of their own. */
const plain = manifests.filter(({ file }) => !file.includes("/") || /^(base|rbac|kind)\//.test(file));

function only<K extends keyof Kinds>(kind: K): Serialized<Kinds[K]> {
  const found = plain.filter(({ manifest }) => manifest.kind === kind);
  if (found.length !== 1) throw new Error(`examples has ${found.length} of kind ${kind}`);
  return found[0]?.manifest as unknown as Serialized<Kinds[K]>;
}

const pod = only("Deployment").spec!.template;
const container = pod.spec!.containers[0]!;
const namespace = only("Namespace").metadata!.name!;
const claim = only("PersistentVolumeClaim");
const host = () => extractHost({ metadata: { name: "paperclip-1", namespace }, spec: pod.spec! })!;

test("every file of examples for a new Paperclip is YAML of a kind that is known here", () => {
  const kinds = plain.map(({ file, manifest: { apiVersion, kind } }) => `${file}: ${apiVersion} ${kind}`);
  expect(kinds.toSorted()).toEqual([
    "admission-policy.yaml: admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy",
    "admission-policy.yaml: admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding",
    "base/deployment.yaml: apps/v1 Deployment",
    "base/deployment.yaml: v1 Service",
    "base/kustomization.yaml: kustomize.config.k8s.io/v1beta1 Kustomization",
    "base/namespace.yaml: v1 Namespace",
    "base/pvc.yaml: v1 PersistentVolumeClaim",
    "base/service-account.yaml: v1 ServiceAccount",
    "kind/cluster.yaml: kind.x-k8s.io/v1alpha4 Cluster",
    "kind/volume.yaml: v1 PersistentVolume",
    "networkpolicy.yaml: networking.k8s.io/v1 NetworkPolicy",
    "rbac/kustomization.yaml: kustomize.config.k8s.io/v1beta1 Kustomization",
    "rbac/role.yaml: rbac.authorization.k8s.io/v1 Role",
    "rbac/role.yaml: rbac.authorization.k8s.io/v1 RoleBinding",
  ]);
});

test("the Role is the list of permissions, each rule with its reason", () => {
  const text = readFileSync(join(examplesFolder, "rbac/role.yaml"), "utf8");
  const { rules = [] } = only("Role");
  expect(rules).toEqual(
    permissions.map(({ group, resource, verbs }) => ({ apiGroups: [group], resources: [resource], verbs })),
  );
  for (const { why } of permissions) expect(text.toLowerCase()).toContain(`# ${why.toLowerCase()}`);
});

test("everything that has a namespace is in the one that is made", () => {
  const wide = [
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "Namespace",
    "PersistentVolume",
    "Cluster",
    "Kustomization",
  ];
  for (const { file, manifest } of plain) {
    const own = wide.includes(manifest.kind) ? undefined : namespace;
    expect(manifest.metadata?.namespace, `${manifest.kind} of ${file}`).toBe(own);
  }
});

test("the admission policy holds in the namespace of the agents, for the names of the Deployment", () => {
  const { metadata, spec } = only("ValidatingAdmissionPolicyBinding");
  expect(spec?.matchResources?.namespaceSelector?.matchLabels).toEqual({ "kubernetes.io/metadata.name": namespace });
  const policy = only("ValidatingAdmissionPolicy");
  expect(spec?.policyName).toBe(policy.metadata?.name);
  expect(metadata?.name).toBe(policy.metadata?.name);
  const variable = (name: string) => policy.spec?.variables?.find((one) => one.name === name)?.expression;
  expect(variable("serverAccounts")).toBe(`['${pod.spec?.serviceAccountName}']`);
  const server = container.env?.find(({ name }) => name === "DATABASE_URL")?.valueFrom?.secretKeyRef?.name;
  expect(variable("serverSecrets")).toBe(`['${server}']`);
});

test("agents reach DNS, Paperclip and public addresses, and nothing reaches them", () => {
  const { podSelector, policyTypes, ingress, egress = [] } = only("NetworkPolicy").spec!;
  expect(builtTemplate().metadata?.labels).toMatchObject(podSelector?.matchLabels ?? {});
  expect(pod.metadata?.labels).not.toMatchObject(podSelector?.matchLabels ?? {});
  expect([policyTypes, ingress]).toEqual([["Ingress", "Egress"], []]);

  const [dns, paperclip, internet] = egress;
  expect(egress).toHaveLength(3);
  expect(dns?.ports?.map(({ port }) => port)).toEqual([53, 53]);
  const server = paperclip?.to?.[0]?.podSelector?.matchLabels ?? {};
  expect(Object.keys(server).every(isReservedLabel)).toBe(true);
  expect(pod.metadata?.labels).toMatchObject(server);
  expect(paperclip?.ports?.map(({ port }) => port)).toEqual([container.ports?.[0]?.containerPort]);

  expect(internet?.ports?.map(({ port }) => port)).toEqual([443]);
  const [v4, v6] = internet?.to?.map(({ ipBlock }) => ipBlock) ?? [];
  const closed = new BlockList();
  for (const range of v4?.except ?? []) closed.addSubnet(range.split("/")[0]!, Number(range.split("/")[1]), "ipv4");
  const inside = ["10.96.0.1", "172.31.0.2", "192.168.1.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "0.0.0.0"];
  expect(inside.filter((address) => !closed.check(address, "ipv4"))).toEqual([]);
  expect(["1.1.1.1", "172.32.0.1", "100.128.0.1"].filter((address) => closed.check(address, "ipv4"))).toEqual([]);
  expect(v6).toEqual({ cidr: "2000::/3" });
});

describe("the Deployment", () => {
  test("has the claim at /paperclip, which many pods can mount", () => {
    expect(host().sharedVolume).toEqual({ claimName: claim.metadata?.name, readOnly: false });
    expect(claim.spec?.accessModes).toEqual(["ReadWriteMany"]);
  });

  test("runs as the service account that the Role is bound to", () => {
    const account = only("ServiceAccount").metadata?.name ?? "";
    expect(pod.spec?.serviceAccountName).toBe(account);
    const { subjects, roleRef } = only("RoleBinding");
    expect(subjects).toEqual([{ kind: "ServiceAccount", name: account, namespace }]);
    expect(roleRef).toMatchObject({ kind: "Role", name: only("Role").metadata?.name });
  });

  test("has pods that it and its Service find, at the port and the name that agents are told", () => {
    const service = only("Service");
    for (const selector of [only("Deployment").spec?.selector.matchLabels, service.spec?.selector]) {
      expect(Object.keys(selector ?? {})).not.toEqual([]);
      expect(pod.metadata?.labels).toMatchObject(selector ?? {});
    }
    const port = service.spec?.ports?.[0];
    expect(container.ports).toContainEqual(expect.objectContaining({ name: port?.targetPort }));
    const told = container.env?.find(({ name }) => name === "PAPERCLIP_API_URL")?.value;
    expect(told).toBe(`http://${service.metadata?.name}.$(POD_NAMESPACE).svc:${port?.port}`);
  });

  test("is found by its Service through a label that no agent's settings can have", () => {
    const selector = Object.keys(only("Service").spec?.selector ?? {});
    expect(selector.filter(isReservedLabel)).toEqual(["paperclip.io/server"]);
    const agents = builtTemplate().metadata?.labels ?? {};
    expect(Object.keys(agents)).not.toContain("paperclip.io/server");
  });

  test("keeps the server's own secrets from agents", () => {
    const secrets = container.env?.filter(({ valueFrom }) => valueFrom?.secretKeyRef) ?? [];
    expect(secrets.map(({ name }) => name)).toContain("PAPERCLIP_SECRETS_MASTER_KEY");
    expect(host().env.filter(({ valueFrom }) => valueFrom?.secretKeyRef)).toEqual([]);
  });
});

describe.each(["README.md", "examples/kind/README.md"])("the commands of %s", (file) => {
  const text = readFileSync(join(root, file), "utf8").replaceAll("\\\n", " ");
  const made = new Map(
    [...text.matchAll(/kubectl -n (\S+) create secret generic (\S+)(.*)/g)].map(([, where, name = "", rest = ""]) => [
      name,
      { where, keys: [...rest.matchAll(/--from-literal=(\w+)=/g)].map(([, key]) => key) },
    ]),
  );

  test("make each Secret of the Deployment, with its keys, before it is applied", () => {
    for (const { valueFrom } of container.env ?? []) {
      const { name = "", key } = valueFrom?.secretKeyRef ?? {};
      // A database of one's own is a step further.
      if (key !== undefined && key !== "DATABASE_URL") expect(made.get(name)?.keys, `${name}/${key}`).toContain(key);
    }
    for (const { secretRef } of container.envFrom ?? []) expect([...made.keys()]).toContain(secretRef?.name);
    for (const { where } of made.values()) expect(where).toBe(namespace);
    const steps = ["apply -f examples/base/namespace.yaml", "create secret", "apply -k examples/base"];
    const places = steps.map((step) => text.indexOf(step));
    expect(places).not.toContain(-1);
    expect(places.toSorted((a, b) => a - b)).toEqual(places);
  });

  test("name files that are there", () => {
    const named = [...text.matchAll(/ examples\/([\w./-]+\.yaml)/g)].map(([, path = ""]) => path);
    expect(named.length).toBeGreaterThan(0);
    for (const path of named) expect(exampleFiles).toContain(path);
  });
});

describe("on a laptop with kind", () => {
  const volume = only("PersistentVolume").spec;

  test("the volume is one that the claim takes", () => {
    expect(volume).toMatchObject({
      storageClassName: claim.spec?.storageClassName,
      capacity: claim.spec?.resources?.requests,
      accessModes: claim.spec?.accessModes,
    });
  });

  test("its folder is made on the one node that the cluster has", () => {
    const text = readFileSync(join(examplesFolder, "kind/README.md"), "utf8");
    expect(only("Cluster").nodes).toEqual([{ role: "control-plane" }]);
    expect(text).toContain("kind create cluster --name paperclip --config examples/kind/cluster.yaml");
    const made = `docker exec paperclip-control-plane install -d -o 1000 -g 1000 ${volume?.hostPath?.path}`;
    expect(text).toContain(made);
  });
});
