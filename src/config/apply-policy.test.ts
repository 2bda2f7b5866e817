import { describe, expect, test } from "vitest";
import { model, parsed, policyOf, problems } from "../../test/support/parsed.ts";
import { buildForm } from "./form.ts";
import { codeOfProblems, describeProblems } from "./setting-problem.ts";

const told = (yaml: string, raw: Record<string, unknown>) => problems(raw, policyOf(yaml));

describe("a fixed value", () => {
  const policy = policyOf("fixed: {isolation: strict, image: 'agents:1', graceSec: 60, labels: {team: a}}");

  test("is every agent's that says nothing else", () => {
    const wanted = { isolation: "strict", image: "agents:1", graceSec: 60, labels: { team: "a" } };
    expect(parsed({}, policy)).toMatchObject(wanted);
    expect(parsed({ ...wanted, labels: "team=a", graceSec: "60" }, policy)).toMatchObject(wanted);
  });

  test("is that of an agent whose form has saved the defaults, as it does with every field", () => {
    const saved = Object.fromEntries(buildForm().fields.map(({ key, default: fallback }) => [key, fallback]));
    expect(parsed({ ...saved, model }, policy)).toMatchObject({ isolation: "strict", graceSec: 60 });
  });

  test("is not to be changed, and the message names value and policy", () => {
    expect(problems({ image: "evil:1", graceSec: 5 }, policy)).toEqual([
      {
        key: "image",
        found: '"evil:1"',
        expected: '"agents:1", the value that is fixed (the operator\'s policy OPENCODE_K8S_POLICY)',
        denied: true,
      },
      expect.objectContaining({ key: "graceSec", found: "5", denied: true }),
    ]);
  });

  test("of the environment shows no value", () => {
    const text = JSON.stringify(told("fixed: {env: {TOKEN: 'of-the-operator'}}", { env: "A=of-the-agent" }));
    expect(text).toContain("an object with A");
    expect(text).not.toMatch(/of-the-(agent|operator)/);
  });

  test("of resources takes the place of flat keys, too", () => {
    const yaml = "fixed: {resources: {limits: {cpu: '1'}}}";
    expect(told(yaml, { "resources.limits.cpu": "9" })).toHaveLength(1);
    expect(parsed({ "resources.limits.cpu": "" }, policyOf(yaml)).resources.limits["cpu"]).toBe("1");
  });

  test("of the variant is not to be had by another of its names", () => {
    expect(told("fixed: {variant: low}", { effort: "high" })).toHaveLength(1);
    expect(parsed({}, policyOf("fixed: {variant: low}")).variant).toBe("low");
  });

  test("can be the model, for agents without one", () => {
    expect(policyOf("fixed: {model: a/b}").fixed).toEqual({ model: "a/b" });
    expect(told("fixed: {model: a/b}", {})).toHaveLength(1);
  });
});

describe("a list", () => {
  test.each([
    ["namespace", "[agents]", "agents", "other"],
    ["image", "['registry.example.com/agents/*']", "registry.example.com/agents/a:1", "registry.example.com/other:1"],
    ["image", "['r.io/a@sha256:*']", `r.io/a@sha256:${"0".repeat(64)}`, "r.io/a:latest"],
    ["initImage", "['busybox:*']", "busybox:1.37", "evil:1"],
    ["serviceAccountName", "[agents]", "agents", "paperclip"],
    ["kubeconfig", "['/etc/clusters/*']", "/etc/clusters/a", "/tmp/a"],
    ["runtimeClassName", "[gvisor]", "gvisor", "runc"],
    ["agentDbStorageClass", "[nfs]", "nfs", "local"],
  ])("of %s %s allows %s and not %s", (...[key, list, good, bad]) => {
    expect(told(`allow: {${key}: ${list}}`, { [key]: good })).toEqual([]);
    expect(told(`allow: {${key}: ${list}}`, { [key]: bad })).toEqual([
      expect.objectContaining({ key, found: JSON.stringify(bad), denied: true }),
    ]);
  });

  test("names what it has, in a message that names the policy", () => {
    const found = told("allow: {image: ['registry.example.com/agents/*']}", { image: "evil:1" });
    expect(describeProblems(found)).toBe(
      'A setting is not allowed. image: found "evil:1", expected one of registry.example.com/agents/* (the operator\'s policy OPENCODE_K8S_POLICY).',
    );
    expect(codeOfProblems(found)).toBe("k8s_policy_denied");
  });

  test("of images holds for the init image, whose default is allowed", () => {
    expect(told("allow: {image: ['a/*']}", {})).toEqual([]);
    expect(told("allow: {image: ['a/*']}", { initImage: "evil:1" })).toHaveLength(1);
    expect(told("allow: {image: ['a/*'], initImage: ['evil:1']}", { initImage: "evil:1" })).toEqual([]);
  });

  test.each(["namespace", "runtimeClassName"])(
    "of %s was left by not setting it: that needs an empty text in it",
    (key) => {
      expect(told(`allow: {${key}: [agents]}`, {})).toEqual([expect.objectContaining({ key, found: "nothing" })]);
      expect(told(`allow: {${key}: [agents, '']}`, {})).toEqual([]);
    },
  );

  test("of labels and node labels is about keys", () => {
    const yaml = "allow: {labels: ['kueue.x-k8s.io/*'], nodeSelector: [zone]}";
    expect(told(yaml, { labels: "kueue.x-k8s.io/queue-name=a", nodeSelector: "zone=b" })).toEqual([]);
    expect(told(yaml, { labels: "team=a", nodeSelector: "role=x" }).map(({ key }) => key)).toEqual([
      "labels.team",
      "nodeSelector.role",
    ]);
  });

  test("of paths says what a podTemplate may set", () => {
    const yaml =
      "allow: {podTemplate: ['spec.priorityClassName', 'spec.containers[].resources', metadata.annotations]}";
    const good = {
      metadata: { annotations: { "a.b/c": "d" } },
      spec: { priorityClassName: "low", containers: [{ name: "opencode", resources: { limits: { cpu: "1" } } }] },
    };
    expect(told(yaml, { podTemplate: good })).toEqual([]);
    const bad = {
      metadata: { labels: { a: "b" } },
      spec: {
        priorityClassNames: "x",
        containers: [{ name: "side", image: "x:1" }, { name: "opencode", $patch: "delete" }, { name: "bare" }],
        affinity: null,
      },
    };
    const keys = told(yaml, { podTemplate: bad }).map(({ key }) => key);
    expect(keys.toSorted()).toEqual([
      "podTemplate.metadata.labels.a",
      "podTemplate.spec.affinity",
      "podTemplate.spec.containers[]",
      "podTemplate.spec.containers[].$patch",
      "podTemplate.spec.containers[].image",
      "podTemplate.spec.priorityClassNames",
    ]);
    expect(told("allow: {podTemplate: []}", { podTemplate: good })).not.toEqual([]);
  });
});

describe("a limit", () => {
  test("takes the place of a default above it, and of no limit at all", () => {
    const yaml =
      "limits: {timeoutSec: 3600, inactivityTimeoutSec: 600, graceSec: 20, ttlSecondsAfterFinished: 60, agentDbStorageCapacity: 5Gi}";
    expect(parsed({}, policyOf(yaml))).toMatchObject({
      timeoutSec: 3600,
      inactivityTimeoutSec: 600,
      graceSec: 20,
      ttlSecondsAfterFinished: 60,
      agentDbStorageCapacity: "5Gi",
    });
  });

  test.each([
    ["timeoutSec: 3600", { timeoutSec: 3601 }],
    ["graceSec: 60", { graceSec: 61 }],
    ["ttlSecondsAfterFinished: 600", { ttlSecondsAfterFinished: 601 }],
    ["agentDbStorageCapacity: 50Gi", { agentDbStorageCapacity: "51Gi" }],
  ])("%s: %j is above it", (limit, raw) => {
    expect(told(`limits: {${limit}}`, raw)).toEqual([
      expect.objectContaining({ key: Object.keys(raw)[0], denied: true, expected: expect.stringContaining("at most") }),
    ]);
  });

  test("of time for finished Jobs leaves none for ever", () => {
    expect(told("limits: {ttlSecondsAfterFinished: 600}", { retainJobs: true })).toHaveLength(1);
  });

  test("of resources: defaults give way, and what an agent asks for above it is refused", () => {
    const yaml = "limits: {resources: {requests: {cpu: 500m}, limits: {cpu: '1', memory: 1Gi, nvidia.com/gpu: 1}}}";
    expect(parsed({}, policyOf(yaml)).resources).toEqual({
      requests: { cpu: "500m", memory: "1Gi", "ephemeral-storage": "0" },
      limits: { cpu: "1", memory: "1Gi", "ephemeral-storage": "20Gi" },
    });
    const keys = (resources: object) => told(yaml, { resources }).map(({ key }) => key);
    expect(keys({ limits: { cpu: "2" } })).toEqual(["resources.limits.cpu"]);
    expect(keys({ limits: { cpu: null } })).toContain("resources.limits.cpu");
    expect(keys({ limits: { "nvidia.com/gpu": "2" } })).toEqual(["resources.limits.nvidia.com/gpu"]);
    expect(keys({ requests: { cpu: "750m" } })).toEqual(["resources.requests.cpu"]);
    expect(keys({ requests: { memory: "3Gi" } })).toEqual(["resources.requests.memory"]);
    expect(keys({ requests: { cpu: null } })).toEqual(["resources.requests.cpu"]);
    expect(keys({ requests: { cpu: "100m" }, limits: { memory: "1Gi" } })).toEqual([]);
  });
});

test("what cannot be read is no matter of the policy's", () => {
  const found = told("allow: {image: ['a/*']}, fixed: {graceSec: 5}".replace("}, fixed", "}\nfixed"), {
    graceSec: "soon",
    image: "evil:1",
  });
  expect(codeOfProblems(found)).toBe("k8s_config_invalid");
  expect(found.map(({ key }) => key)).toEqual(["graceSec"]);
});
