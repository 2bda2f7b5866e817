import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ApiError } from "../cluster/api-error.ts";
import type { Cluster, Pod } from "../cluster/cluster.ts";
import { createHostReader } from "./read-host.ts";

const recorded: Pod = JSON.parse(
  readFileSync(new URL("../../test/fixtures/paperclip/pod.json", import.meta.url), "utf8"),
);
const plain = structuredClone(recorded);
for (const container of plain.spec?.containers ?? []) delete container.envFrom;
const env = { HOSTNAME: "x", KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };
const { signal } = new AbortController();

describe("a pod whose name is not HOSTNAME", () => {
  const { name = "", uid = "u1" } = recorded.metadata ?? {};
  const serviceAccountName = recorded.spec?.serviceAccountName ?? "";

  /** The folder that the kubelet mounts, with a token of these claims. */
  function account(claims: object | undefined): string {
    const folder = mkdtempSync(join(tmpdir(), "service-account-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    writeFileSync(join(folder, "namespace"), "hostfx");
    if (claims)
      writeFileSync(join(folder, "token"), `${part({ alg: "RS256" })}.${part({ "kubernetes.io": claims })}.c2ln`);
    return folder;
  }

  /** A cluster with these pods, which have one address. */
  function clusterWith(pods: Pod[], denied = false) {
    const asked: string[] = [];
    return {
      asked,
      server: "https://10.96.0.1:443",
      read: (async (_: string, ref: { name: string }) => {
        asked.push(ref.name);
        return pods.find((pod) => pod.metadata?.name === ref.name);
      }) as Cluster["read"],
      list: (async (_: string, namespace: string, { fieldSelector }: { fieldSelector?: string }) => {
        asked.push(`${namespace} ${fieldSelector}`);
        if (denied) throw new ApiError("no", { kind: "denied", status: 403 });
        return { items: fieldSelector === "status.podIP=10.0.0.7" ? pods : [], resourceVersion: "1" };
      }) as Cluster["list"],
    };
  }

  const own: Pod = { ...plain, metadata: { ...plain.metadata, name, uid }, status: { phase: "Running" } };
  const called = (other: string, changes: object = {}): Pod => ({
    ...own,
    metadata: { ...own.metadata, name: other, uid: other },
    ...changes,
  });
  const hostNetwork = { ...env, HOSTNAME: "node-7.internal" };
  const readWith = (
    cluster: ReturnType<typeof clusterWith>,
    { variables = hostNetwork, claims }: { variables?: Record<string, string>; claims?: object } = {},
  ) =>
    createHostReader({
      env: variables,
      serviceAccountDir: account(claims),
      addresses: ["10.0.0.7", "fd00::7"],
    })(cluster, signal);

  test("is named by the kubelet's token", async () => {
    const cluster = clusterWith([own]);
    const claims = { pod: { name, uid }, serviceaccount: { name: serviceAccountName } };
    expect(await readWith(cluster, { claims })).toMatchObject({ kind: "in-pod", host: { podName: name } });
    expect(cluster.asked).toEqual([name]);
  });

  test.each(["OPENCODE_K8S_POD_NAME", "POD_NAME"])("is named by %s", async (variable) => {
    const variables = { ...hostNetwork, [variable]: name };
    expect(await readWith(clusterWith([own]), { variables })).toMatchObject({ kind: "in-pod" });
  });

  test("is found by its address, also where the node's belongs to several: then by its service account", async () => {
    expect(await readWith(clusterWith([own]))).toMatchObject({ kind: "in-pod", host: { podName: name } });
    const other = called("other", { spec: { ...own.spec, serviceAccountName: "another" } });
    const ended = called("ended", { status: { phase: "Succeeded" } });
    const claims = { serviceaccount: { name: serviceAccountName } };
    expect(await readWith(clusterWith([other, own, ended]), { claims })).toMatchObject({ host: { podName: name } });
  });

  test.each<[string, Pod[], boolean]>([
    ["several are alike", [own, called("twin")], false],
    ["none has its address", [], false],
    ["nobody may look", [own], true],
  ])("is asked for by its variable, never for an image, where %s", async (_, pods, denied) => {
    expect(await readWith(clusterWith(pods, denied))).toMatchObject({
      kind: "unreadable",
      transient: false,
      why: expect.stringContaining("which one is not known: it is not called node-7.internal"),
      hint: expect.stringContaining("OPENCODE_K8S_POD_NAME from fieldRef metadata.name"),
    });
  });

  test("has no name at all", async () => {
    const { HOSTNAME: _, ...nameless } = env;
    expect(await readWith(clusterWith([]), { variables: nameless })).toMatchObject({
      kind: "unreadable",
      why: expect.stringContaining("no name of it is known"),
    });
  });

  test("is not looked for by its address in another cluster, where another may have it", async () => {
    const cluster = { ...clusterWith([own]), server: "https://elsewhere:6443" };
    expect((await readWith(cluster)).kind).toBe("outside");
    expect(cluster.asked).toEqual(["node-7.internal"]);
  });

  test.each([
    "",
    "a.b.c",
    "..",
    `x.${Buffer.from("null").toString("base64url")}.y`,
    `x.${Buffer.from('{"kubernetes.io":{"pod":{"name":"../../secrets/x"}}}').toString("base64url")}.y`,
  ])("and whose token is %j is looked for by the other ways", async (token) => {
    const folder = account(undefined);
    writeFileSync(join(folder, "token"), token);
    const cluster = clusterWith([own]);
    const source = { env: hostNetwork, serviceAccountDir: folder, addresses: ["10.0.0.7"] };
    expect(await createHostReader(source)(cluster, signal)).toMatchObject({ kind: "in-pod" });
    expect(cluster.asked[0]).toBe("node-7.internal");
  });
});
