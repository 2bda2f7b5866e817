import { describe, expect, test } from "vitest";
import { host } from "../../test/support/job-request.ts";
import { apiError, MemoryCluster } from "../../test/support/memory-cluster.ts";
import { heardLog, open } from "../../test/support/run-parts.ts";
import type { Resource } from "../cluster/cluster.ts";
import type { Host, Volume } from "./host.ts";
import { settleNamespace } from "./settle-namespace.ts";

/** Paperclip in namespace "paperclip"; a Job in "agents", with these objects and without the right to read others. */
async function settle(
  own: Host | undefined,
  { there = {}, denied = [] }: { there?: Partial<Record<Resource, string[]>>; denied?: Resource[] } = {},
  namespace = "agents",
) {
  const { namespaces = ["agents"], ...objects } = there;
  const cluster = new MemoryCluster({ namespaces });
  for (const [resource, names] of Object.entries(objects)) {
    for (const name of names) cluster.put(resource as Resource, { metadata: { name } });
  }
  cluster.interference.before = ({ resource }) => {
    if (denied.includes(resource)) throw apiError("denied");
  };
  const log = heardLog();
  const settled = await settleNamespace(own, namespace, { cluster, log, signal: open() });
  return { settled, said: log.said, calls: cluster.calls };
}

const all = {
  secrets: ["registry", "provider-keys", "paperclip-env"],
  persistentvolumeclaims: ["paperclip-data"],
};

/** A host that has nothing but this volume at /etc/it. */
function hostWith(volume: Volume): Host {
  const { sharedVolume: _, ...rest } = host({ imagePullSecrets: [], env: [], envFrom: [] });
  return { ...rest, mounts: [{ volume, mounts: [{ name: volume.name, mountPath: "/etc/it" }] }] };
}

test("in Paperclip's own namespace everything is inherited, and nothing is asked", async () => {
  const own = host();
  const { settled, said, calls } = await settle(own, {}, "paperclip");
  expect(settled).toBe(own);
  expect([...said, ...calls]).toEqual([]);
});

test("where all of it is in the other namespace too, all of it is inherited", async () => {
  const { settled, said } = await settle(host(), { there: all });
  expect(settled).toEqual(host());
  expect(said).toEqual([]);
});

test("a namespace that does not exist ends the run, also outside Paperclip's cluster", async () => {
  for (const own of [host(), undefined]) {
    await expect(settle(own, { there: { namespaces: [] } })).rejects.toMatchObject({ code: "k8s_namespace_missing" });
  }
});

test("a namespace that may not be looked for is left to the create", async () => {
  const { settled } = await settle(undefined, { there: { namespaces: [] }, denied: ["namespaces"] });
  expect(settled).toBeUndefined();
});

test("what is missing is left out, each said by name: claim, pull secret, volume, variables and bulk", async () => {
  const { settled, said } = await settle(host());
  expect(settled).toMatchObject({
    imagePullSecrets: [],
    mounts: [],
    env: [{ name: "NODE_ENV" }, { name: "HTTPS_PROXY" }],
    envFrom: [],
  });
  expect(settled).not.toHaveProperty("sharedVolume");
  expect(said).toEqual([
    expect.stringMatching(/^claim paperclip-data is not in namespace agents.*cannot continue a session$/),
    ...["registry", "provider-keys", "paperclip-env"].map(
      (name) => `Secret ${name} is not in namespace agents; what it gives is left out`,
    ),
  ]);
});

test("without the right to look, Kubernetes itself will tell what is missing", async () => {
  const { settled, said } = await settle(host(), { denied: ["secrets", "persistentvolumeclaims"] });
  expect(settled).toEqual(host());
  expect(said).toEqual([]);
});

test("another failure to look is a failure", async () => {
  const cluster = new MemoryCluster();
  cluster.interference.before = () => {
    throw apiError("unavailable");
  };
  const settling = settleNamespace(host(), "agents", { cluster, log: heardLog(), signal: open() });
  await expect(settling).rejects.toMatchObject({ kind: "unavailable" });
});

describe("ConfigMaps, which the Role does not let us look for,", () => {
  test("are optional wherever they are named, and said once", async () => {
    const own = hostWith({ name: "ca", configMap: { name: "ca" } });
    const { settled, said } = await settle({
      ...own,
      env: [{ name: "REGION", valueFrom: { configMapKeyRef: { name: "site", key: "region" } } }],
      envFrom: [{ configMapRef: { name: "site" } }],
    });
    expect(settled?.mounts[0]?.volume.configMap).toEqual({ name: "ca", optional: true });
    expect(settled?.env[0]?.valueFrom?.configMapKeyRef).toMatchObject({ name: "site", optional: true });
    expect(settled?.envFrom[0]?.configMapRef).toEqual({ name: "site", optional: true });
    expect(said).toEqual(["ConfigMaps are taken from namespace agents, what is not there is left out: ca, site"]);
  });
});

describe("pods hung for a quarter of an hour in FailedMount:", () => {
  const secret = { secret: { name: "git", items: [{ key: "k", path: "k" }] } };
  const configMap = { configMap: { name: "ca" } };
  const downward = { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } };
  const projected = { name: "mixed", projected: { defaultMode: 256, sources: [secret, configMap, downward] } };

  test("a projected volume's Secrets and ConfigMaps are optional there", async () => {
    const { settled } = await settle(hostWith(projected), { there: { secrets: ["git"] } });
    expect(settled?.mounts[0]?.volume.projected).toEqual({
      defaultMode: 256,
      sources: [
        { secret: { ...secret.secret, optional: true } },
        { configMap: { ...configMap.configMap, optional: true } },
        downward,
      ],
    });
  });

  test("and said where they are missing", async () => {
    const { said } = await settle(hostWith(projected));
    expect(said).toEqual([
      "Secret git is not in namespace agents; what it gives is left out",
      expect.stringMatching(/^ConfigMaps are taken .*: ca$/),
    ]);
  });

  test("a CSI volume, whose Secrets and classes are Paperclip's namespace's, is left out and said", async () => {
    const { settled, said } = await settle(hostWith({ name: "vault", csi: { driver: "secrets-store.csi.k8s.io" } }));
    expect(settled?.mounts).toEqual([]);
    expect(said).toEqual([
      "volume vault of secrets-store.csi.k8s.io is left out: what it refers to is in namespace paperclip",
    ]);
  });
});
