import { describe, expect, test } from "vitest";
import { badKeys, parsed, problems } from "../../test/support/parsed.ts";

describe("node selector and labels", () => {
  test.each([
    ["lines", "disk=ssd\n# comment\n gpu = true "],
    ["YAML", "disk: ssd\ngpu: true"],
    ["YAML with its name above", "nodeSelector:\n  disk: ssd\n  gpu: true"],
    ["JSON", '{"disk":"ssd","gpu":"true"}'],
    ["an object", { disk: "ssd", gpu: true }],
  ])("come as %s", (_, nodeSelector) => {
    expect(parsed({ nodeSelector }).nodeSelector).toEqual({ disk: "ssd", gpu: "true" });
  });

  test("tell an empty selector from none", () => {
    expect(parsed({ nodeSelector: "{}" }).nodeSelector).toEqual({});
    expect(parsed({ nodeSelector: {} }).nodeSelector).toEqual({});
    expect(parsed({}).nodeSelector).toBeUndefined();
  });

  test.each(["disk", "=ssd", "- a\n- b", ["a=b"], 3, { a: { b: 1 } }])("refuse %j", (nodeSelector) => {
    expect(badKeys({ nodeSelector })).toEqual(["nodeSelector"]);
  });

  test("name each bad label with what stands there", () => {
    expect(problems({ labels: "team=a b\nbad key=x\npaperclip.io/agent-id=me\nok=yes" })).toEqual([
      { key: "labels.team", found: '"team=a b"', expected: expect.stringContaining("label value") },
      { key: "labels.bad key", found: '"bad key=x"', expected: expect.stringContaining("label key") },
      {
        key: "labels.paperclip.io/agent-id",
        found: '"paperclip.io/agent-id=me"',
        expected: expect.stringContaining("belongs to"),
      },
    ]);
  });

  test("pass Kueue's queue name and others", () => {
    const labels = { "kueue.x-k8s.io/queue-name": "agents", "app.kubernetes.io/name": "x", team: "" };
    expect(parsed({ labels }).labels).toEqual(labels);
  });
});

describe("tolerations", () => {
  const wanted = [{ key: "gpu", operator: "Equal", value: "a100", effect: "NoSchedule" }, { operator: "Exists" }];

  test.each([
    ["YAML", "- key: gpu\n  operator: Equal\n  value: a100\n  effect: NoSchedule\n- operator: Exists\n"],
    [
      "YAML with its name above",
      "tolerations:\n- {key: gpu, operator: Equal, value: a100, effect: NoSchedule}\n- {operator: Exists}",
    ],
    ["JSON", JSON.stringify(wanted)],
    ["an array", wanted],
  ])("come as %s", (_, tolerations) => {
    expect(parsed({ tolerations }).tolerations).toEqual(wanted);
  });

  test("tell an empty list from none", () => {
    expect(parsed({ tolerations: "[]" }).tolerations).toEqual([]);
    expect(parsed({}).tolerations).toBeUndefined();
  });

  test.each([
    ["no list", { key: "a" }, "tolerations"],
    ["broken YAML", "- key: [", "tolerations"],
    ["a wrong operator", [{ key: "a", operator: "In" }], "tolerations.0.operator"],
    ["a wrong effect", [{ key: "a", effect: "noschedule" }], "tolerations.0.effect"],
    ["an unknown field", [{ key: "a", seconds: 3 }], "tolerations.0"],
    ["a value that is no text", "- key: a\n  value: true", "tolerations.0.value"],
    ["no key without Exists", [{ effect: "NoSchedule" }], "tolerations.0.operator"],
    ["a value with Exists", [{ key: "a", operator: "Exists", value: "b" }], "tolerations.0.value"],
    ["seconds without NoExecute", [{ key: "a", tolerationSeconds: 3 }], "tolerations.0.effect"],
  ])("refuse %s", (_, tolerations, key) => {
    expect(badKeys({ tolerations })).toEqual([key]);
  });
});

describe("the pod template", () => {
  const wanted = {
    metadata: { annotations: { "example.com/a": "b" } },
    spec: { priorityClassName: "high", containers: [{ name: "sidecar", image: "x" }] },
  };

  test.each([
    [
      "YAML",
      "metadata:\n  annotations: {example.com/a: b}\nspec:\n  priorityClassName: high\n  containers:\n  - {name: sidecar, image: x}",
    ],
    ["an object", wanted],
  ])("comes as %s", (_, podTemplate) => {
    expect(parsed({ podTemplate }).podTemplate).toEqual(wanted);
  });

  test.each([
    ["text that is no object", "sidecar", "podTemplate"],
    ["a whole Pod", { kind: "Pod", spec: {} }, "podTemplate"],
    ["a spec that is no object", "spec: []", "podTemplate.spec"],
    ["containers without a name", { spec: { containers: [{ image: "x" }] } }, "podTemplate.spec.containers.0.name"],
    [
      "our labels",
      { metadata: { labels: { "paperclip.io/run-id": "x" } } },
      "podTemplate.metadata.labels.paperclip.io/run-id",
    ],
    ["a name of its own", { metadata: { name: "x" } }, "podTemplate.metadata"],
    ["annotations that are no text", { metadata: { annotations: { a: 1 } } }, "podTemplate.metadata.annotations.a"],
  ])("refuses %s", (_, podTemplate, key) => {
    expect(badKeys({ podTemplate })).toEqual([key]);
  });
});
