import { describe, expect, test } from "vitest";
import { builtTemplate, host, type RequestChanges } from "../../test/support/job-request.ts";

const large: RequestChanges = { prompt: { kind: "secret", secrets: [[Buffer.from("x")]] } };
const numbers = ["runAsUser", "runAsGroup", "fsGroup"] as const;

/** Every user and group that a pod names, the init container's too. */
function namedUsers(changes: RequestChanges): unknown[] {
  const { spec } = builtTemplate({ ...large, ...changes });
  const contexts = [spec, ...spec.containers, ...(spec.initContainers ?? [])].map((part) => part.securityContext);
  expect(contexts).toHaveLength(3);
  for (const context of contexts) expect(context).toMatchObject({ runAsNonRoot: true });
  return contexts.flatMap((context) => numbers.map((name) => (context as Record<string, unknown>)[name] ?? null));
}

describe("OpenShift refused every pod, as its users have numbers of their own", () => {
  const none = Array.from({ length: 9 }, () => null);

  test("openshift names no user, of no container", () => {
    expect(namedUsers({ settings: { securityProfile: "openshift" } })).toEqual(none);
  });

  test("auto does so where OpenShift has admitted Paperclip's own pod", () => {
    expect(namedUsers({ host: host({ admittedByOpenShift: true }) })).toEqual(none);
    expect(namedUsers({})).toContain(1000);
  });

  test("restricted names user 1000 there too", () => {
    const settings = { securityProfile: "restricted" };
    expect(namedUsers({ settings, host: host({ admittedByOpenShift: true }) })).toContain(1000);
  });

  test("what else the level restricted demands stays", () => {
    const { spec } = builtTemplate({ settings: { securityProfile: "openshift" } });
    expect(spec.securityContext?.seccompProfile).toEqual({ type: "RuntimeDefault" });
    expect(spec.containers[0]?.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    });
  });
});

describe("a node that is emptied took runs with it", () => {
  const annotations = {
    "karpenter.sh/do-not-disrupt": "true",
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
  };

  test("the pod asks to be left where it is", () => {
    expect(builtTemplate().metadata?.annotations).toMatchObject(annotations);
  });

  test("a setting takes the annotations away, and a podTemplate changes one", () => {
    const kept = builtTemplate({ settings: { evictionProtection: false } }).metadata?.annotations ?? {};
    for (const name of Object.keys(annotations)) expect(kept).not.toHaveProperty([name]);
    const podTemplate = { metadata: { annotations: { "karpenter.sh/do-not-disrupt": "false" } } };
    expect(builtTemplate({ settings: { podTemplate } }).metadata?.annotations).toMatchObject({
      ...annotations,
      "karpenter.sh/do-not-disrupt": "false",
    });
  });
});

describe("nodes of another system", () => {
  test("get no pod, unless the selector says so or says that any node will do", () => {
    const selector = (nodeSelector: string) => builtTemplate({ settings: { nodeSelector } }).spec.nodeSelector;
    expect(builtTemplate({ host: undefined, settings: { image: "a:1" } }).spec.nodeSelector).toEqual({
      "kubernetes.io/os": "linux",
    });
    expect(selector("kubernetes.io/os=freebsd")).toEqual({ "kubernetes.io/os": "freebsd" });
    expect(selector("{}")).toBeUndefined();
  });
});

describe("an agent that filled its node's disk took its neighbours with it", () => {
  const runVolume = (settings: Record<string, unknown>) =>
    builtTemplate({ settings }).spec.volumes?.find(({ name }) => name === "opencode-run")?.emptyDir;

  test("its container has a limit of ephemeral storage, its scratch volume the same size", () => {
    const { resources } = builtTemplate().spec.containers[0] ?? {};
    expect(resources).toMatchObject({
      requests: { "ephemeral-storage": "0" },
      limits: { "ephemeral-storage": "20Gi" },
    });
    expect(runVolume({})).toEqual({ sizeLimit: "20Gi" });
  });

  test("both follow the setting, also when it takes them away", () => {
    expect(runVolume({ "resources.limits.ephemeral-storage": "90Gi" })).toEqual({ sizeLimit: "90Gi" });
    expect(runVolume({ "resources.limits.ephemeral-storage": "none" })).toEqual({});
  });

  test("every container has a limit, which a quota may demand", () => {
    const { spec } = builtTemplate(large);
    for (const { resources } of [...spec.containers, ...(spec.initContainers ?? [])]) {
      expect(resources?.limits).toHaveProperty("ephemeral-storage");
      expect(resources?.requests).toHaveProperty("ephemeral-storage");
    }
    expect(spec.volumes?.find(({ name }) => name === "opencode-prompt")?.emptyDir).toEqual({ sizeLimit: "32Mi" });
  });
});

describe("a mesh's proxy that came up after the agent failed its first request", () => {
  const name = "proxy.istio.io/config";

  test("Istio is asked to hold the agent until its proxy is ready", () => {
    const value = builtTemplate().metadata?.annotations?.[name] ?? "";
    expect(JSON.parse(value)).toEqual({ holdApplicationUntilProxyStarts: true });
  });

  test.each(["concurrency: 1", "{}"])("what a podTemplate says of its proxy counts: %s", (value) => {
    const podTemplate = { metadata: { annotations: { [name]: value } } };
    expect(builtTemplate({ settings: { podTemplate } }).metadata?.annotations?.[name]).toBe(value);
  });
});
