import { describe, expect, test } from "vitest";
import { builtTemplate, denials, host, type RequestChanges } from "../../test/support/job-request.ts";
import { policyOf } from "../../test/support/parsed.ts";

const agent = (fields: object) => ({ containers: [{ name: "opencode", ...fields }] });
const side = (fields: object) => ({ containers: [{ name: "side", ...fields }] });

function underPolicy(yaml: string, spec: object, changes: RequestChanges = {}) {
  return denials({ ...changes, policy: policyOf(yaml), settings: { ...changes.settings, podTemplate: { spec } } });
}

describe("images of podTemplate", () => {
  const list = "allow: {image: ['registry.example.com/agents/*']}";

  test.each([
    ["a sidecar's", side({ image: "evil:1" })],
    ["the agent's", agent({ image: "evil:1" })],
    ["an init container's", { initContainers: [{ name: "before", image: "evil:1" }] }],
    ["a volume's", { volumes: [{ name: "extra", image: { reference: "evil:1" } }] }],
  ])("%s went past the list of images", (_, spec) => {
    expect(underPolicy(list, spec)).toEqual([expect.stringContaining('found "evil:1", expected one of registry')]);
    expect(underPolicy("fixed: {image: 'agents:1'}", spec).join()).toContain("evil:1");
    expect(underPolicy("{}", spec)).toEqual([]);
  });

  test("of the list, Paperclip's own and the prompt's are allowed", () => {
    expect(underPolicy(list, side({ image: "registry.example.com/agents/side:1" }))).toEqual([]);
    const prompt = { kind: "secret", secrets: [[Buffer.from("x")]] } as const;
    expect(underPolicy(list, agent({ image: host().image }), { prompt })).toEqual([]);
  });
});

describe("names", () => {
  test("a sandbox was left by taking the runtime class away", () => {
    const policy = "allow: {runtimeClassName: [gvisor, kata]}";
    const changes: RequestChanges = { settings: { runtimeClassName: "gvisor" } };
    expect(underPolicy(policy, { runtimeClassName: null }, changes)).toEqual([
      expect.stringContaining("found nothing, expected one of gvisor, kata"),
    ]);
    expect(underPolicy(policy, { runtimeClassName: "runc" }, changes)).toHaveLength(1);
    expect(underPolicy(policy, { runtimeClassName: "kata" }, changes)).toEqual([]);
  });

  test("a priority class is one of the list", () => {
    expect(underPolicy("allow: {priorityClassNames: [low]}", { priorityClassName: "high" })).toHaveLength(1);
    expect(underPolicy("allow: {priorityClassNames: [low]}", { priorityClassName: "low" })).toEqual([]);
    expect(underPolicy("allow: {priorityClassNames: [low]}", {})).toEqual([]);
  });

  test("a label's key is one of the list in podTemplate too", () => {
    const podTemplate = { metadata: { labels: { team: "a", "kueue.x-k8s.io/queue-name": "q" } } };
    const policy = policyOf("allow: {labels: ['kueue.x-k8s.io/*']}");
    expect(denials({ policy, settings: { podTemplate } })).toEqual([
      expect.stringContaining('labels.team: found "team"'),
    ]);
  });

  test("nodes are asked for by the listed labels alone, by affinity too", () => {
    const policy = "allow: {nodeSelector: [zone]}";
    const affinity = (key: string) => ({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key, operator: "Exists" }] }],
          },
        },
      },
    });
    expect(underPolicy(policy, affinity("zone"))).toEqual([]);
    expect(underPolicy(policy, affinity("role"))).toHaveLength(1);
    expect(underPolicy(policy, { nodeSelector: { role: "control-plane" } })).toHaveLength(1);
    expect(underPolicy(policy, { nodeSelector: { pool: "other" } })).toHaveLength(1);
    expect(underPolicy(policy, { nodeSelector: { pool: null } })).toHaveLength(1);
    expect(underPolicy(policy, { nodeSelector: { zone: "a" } })).toEqual([]);
  });
});

describe("a fixed setting cannot be changed by podTemplate", () => {
  test.each([
    ["graceSec: 60", { terminationGracePeriodSeconds: 61 }],
    ["graceSec: 60", { terminationGracePeriodSeconds: 10 }],
    ["timeoutSec: 60", { activeDeadlineSeconds: null }],
    ["nodeSelector: {pool: agents}", { nodeSelector: { pool: null } }],
    ["tolerations: []", { tolerations: [{ operator: "Exists" }] }],
    ["runtimeClassName: gvisor", { runtimeClassName: null }],
    ["serviceAccountName: agents", { serviceAccountName: "other" }],
    ["imagePullPolicy: Always", agent({ imagePullPolicy: "Never" })],
    ["resources: {limits: {cpu: '1'}}", agent({ resources: { limits: { cpu: "64" } } })],
    ["resources: {limits: {cpu: '1'}}", { resources: { limits: { cpu: "64" } } }],
  ])("%s", (fixed, spec) => {
    expect(underPolicy(`fixed: {${fixed}}`, spec).length).toBeGreaterThan(0);
    expect(underPolicy(`fixed: {${fixed}}`, {})).toEqual([]);
  });

  test("unless the template is the operator's own", () => {
    const yaml = "fixed: {graceSec: 60, podTemplate: {spec: {terminationGracePeriodSeconds: 50}}}";
    const { spec } = builtTemplate({ policy: policyOf(yaml) });
    expect(spec.terminationGracePeriodSeconds).toBe(50);
  });
});

describe("limits hold for the whole pod", () => {
  const policy = "limits: {resources: {requests: {cpu: '2'}, limits: {cpu: '4', memory: 8Gi, nvidia.com/gpu: '1'}}}";
  const limits = (amounts: object) => side({ image: "s:1", resources: { limits: amounts } });
  /** The agent's own part, half of what is allowed. */
  const changes: RequestChanges = {
    settings: { resources: { requests: { cpu: "1" }, limits: { cpu: "2", memory: "4Gi" } } },
  };

  test("a sidecar within them passes", () => {
    expect(underPolicy(policy, limits({ cpu: "1", memory: "4Gi", "nvidia.com/gpu": "1" }), changes)).toEqual([]);
  });

  test.each([
    ["a sidecar beyond them", limits({ cpu: "1", memory: "5Gi" }), "found"],
    ["a sidecar without any", side({ image: "s:1" }), "no limit"],
    ["a request that a limit implies", limits({ cpu: "2", memory: "1Gi" }), "requests.cpu"],
    ["an amount that is none", limits({ cpu: "1", memory: "-1" }), "-1"],
    ["devices", limits({ cpu: "1", memory: "1Gi", "nvidia.com/gpu": 2 }), "gpu"],
    ["the agent's own container", agent({ resources: { limits: { memory: "9Gi" } } }), "9Gi"],
    ["its limit taken away", agent({ resources: { limits: { memory: null } } }), "no limit"],
    ["the pod's own resources", { resources: { limits: { cpu: "9", memory: "1Gi" } } }, "found 9"],
    [
      "a sidecar that is an init container",
      {
        initContainers: [
          { name: "i", image: "s:1", restartPolicy: "Always", resources: { limits: { cpu: "3", memory: "1Gi" } } },
        ],
      },
      "limits.cpu",
    ],
    [
      "an init container alone",
      {
        initContainers: [
          { name: "i", image: "s:1", resources: { limits: { cpu: "5", memory: "1Gi" }, requests: { cpu: "1" } } },
        ],
      },
      "found 5",
    ],
  ])("%s is denied", (_, spec, told) => {
    expect(underPolicy(policy, spec, changes).join()).toContain(told);
  });

  test("an init container that ends does not add up with the others", () => {
    const spec = {
      initContainers: [
        { name: "i", image: "s:1", resources: { limits: { cpu: "4", memory: "8Gi" }, requests: { cpu: "2" } } },
      ],
    };
    expect(underPolicy(policy, spec, changes)).toEqual([]);
  });
});
