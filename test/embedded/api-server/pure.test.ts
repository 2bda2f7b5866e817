import { describe, expect, test } from "vitest";
import { expand } from "../kubelet/expand.ts";
import { canonicalImage, findImage, imageNameFault } from "../kubelet/images.ts";
import { rewritePath } from "../kubelet/mount-paths.ts";
import { decodeFault } from "./decode.ts";
import { matchesLabels, parseLabelSelector } from "./label-selector.ts";
import { mergePatch, strategicMerge } from "./merge-patch.ts";
import { labelKeyFaults, labelValueFaults } from "./name-rules.ts";
import { parseQuantity } from "./quantity.ts";
import { allows, decideAccess } from "./rbac.ts";

const known: Record<string, string> = { A: "1", B: "$(A)" };

test.each([
  ["$(A)", "1"],
  ["x$(A)y$(A)", "x1y1"],
  ["$(B)", "$(A)"],
  ["$(NONE)", "$(NONE)"],
  ["$$(A)", "$(A)"],
  ["$$$(A)", "$1"],
  ["$$$$", "$$"],
  ["$A $", "$A $"],
  ["$(A", "$(A"],
  ["$", "$"],
  ["$()", "$()"],
])("%j expands to %j", (text, expanded) => {
  expect(expand(text, (name) => known[name])).toBe(expanded);
});

describe("label selectors", () => {
  const labels = { app: "a", empty: "" };

  test.each([
    ["", true],
    ["app=a", true],
    ["app == a , !none", true],
    ["app!=a", false],
    ["none!=a", true],
    ["app in (a,b)", true],
    ["app notin (a,b)", false],
    ["none notin (a)", true],
    ["empty=", true],
    ["app,none", false],
    ["prefix.io/app", false],
  ])("%j selects: %s", (text, selected) => {
    expect(matchesLabels(parseLabelSelector(text), labels)).toBe(selected);
  });

  test.each(["a=b=c", "a in b", "a in (b", "=a", "a b"])("%j is refused", (text) => {
    expect(() => parseLabelSelector(text)).toThrow(/found/);
  });
});

test("a merge patch replaces lists and removes what is null", () => {
  const target = { a: 1, b: { c: 1, d: [1, 2] }, e: "x" };
  expect(mergePatch(target, { a: null, b: { d: [3] }, f: { g: null, h: 1 } })).toEqual({
    b: { c: 1, d: [3] },
    e: "x",
    f: { h: 1 },
  });
  expect(target.a).toBe(1);
});

test("a strategic merge joins containers by name and their env too", () => {
  const target = {
    containers: [{ name: "a", image: "x", env: [{ name: "K", value: "1" }] }, { name: "b" }],
    tolerations: [1],
  };
  const patch = {
    containers: [{ name: "a", env: [{ name: "L", value: "2" }] }, { name: "b", $patch: "delete" }, { name: "c" }],
    tolerations: [2],
  };
  expect(strategicMerge(target, patch)).toEqual({
    containers: [
      {
        name: "a",
        image: "x",
        env: [
          { name: "K", value: "1" },
          { name: "L", value: "2" },
        ],
      },
      { name: "c" },
    ],
    tolerations: [2],
  });
});

test.each([
  ["500m", 0.5],
  ["1Gi", 1073741824],
  ["2", 2],
  ["1e3", 1000],
  [".5", 0.5],
  ["abc", undefined],
  ["1 Gi", undefined],
  ["", undefined],
])("quantity %j is %s", (text, value) => {
  expect(parseQuantity(text)).toBe(value);
});

describe("RBAC", () => {
  const access = { verb: "get", group: "", resource: "pods", subresource: "log", namespace: "n", name: "p" };

  test.each([
    [["pods"], false],
    [["pods/log"], true],
    [["*"], true],
    [["*/log"], true],
    [["pods/*"], false],
  ])("resources %j cover pods/log: %s", (resources, allowed) => {
    expect(allows({ verbs: ["get"], apiGroups: [""], resources }, access)).toBe(allowed);
  });

  test("resourceNames narrow a rule", () => {
    const rule = { verbs: ["get"], apiGroups: [""], resources: ["pods/log"], resourceNames: ["q"] };
    expect(allows(rule, access)).toBe(false);
    expect(allows(rule, { ...access, name: "q" })).toBe(true);
  });

  test("nobody without a binding, masters always", () => {
    const policy = { bindings: [], rulesOf: () => [] };
    expect(decideAccess({ name: "x", groups: [] }, access, policy)).toBeUndefined();
    expect(decideAccess({ name: "x", groups: ["system:masters"] }, access, policy)).toBeDefined();
  });
});

describe("paths below mounts", () => {
  const mounts = [
    { mountPath: "/paperclip", folder: "/tmp/v/data" },
    { mountPath: "/paperclip/keys", folder: "/tmp/v/keys" },
  ];

  test.each([
    ["/paperclip", "/tmp/v/data"],
    ["/paperclip/", "/tmp/v/data/"],
    ["/paperclip/x/y", "/tmp/v/data/x/y"],
    ["/paperclip/keys/a", "/tmp/v/keys/a"],
    ["/paperclips", "/paperclips"],
    ["cd /paperclip", "cd /paperclip"],
    ["/paperclip/bin:/bin", "/tmp/v/data/bin:/bin"],
    ["paperclip", "paperclip"],
  ])("%j becomes %j", (value, rewritten) => {
    expect(rewritePath(value, mounts)).toBe(rewritten);
  });
});

test("images are the same by any of their names", () => {
  expect(canonicalImage("busybox")).toBe("docker.io/library/busybox:latest");
  expect(canonicalImage("localhost:5000/a")).toBe("localhost:5000/a:latest");
  expect(canonicalImage("ghcr.io/a/b:1")).toBe("ghcr.io/a/b:1");
  expect(findImage({ "docker.io/library/busybox:1.36": { uid: 1 } }, "busybox:1.36")).toEqual({ uid: 1 });
  expect(findImage({ "busybox:1.36": {} }, "busybox:1.37")).toBeUndefined();
});

test.each([
  ["busybox", true],
  ["registry:5000/a/b-c_d.e:v1", true],
  ["a@sha256:abc123", true],
  ["Bad Image", false],
  ["lower/Case", false],
  ["", false],
])("image name %j is good: %s", (name, good) => {
  expect(imageNameFault(name) === undefined).toBe(good);
});

test("labels of 63 characters are good, of 64 are not", () => {
  expect(labelValueFaults("a".repeat(63))).toEqual([]);
  expect(labelValueFaults("a".repeat(64))).toEqual(["must be no more than 63 characters"]);
  expect(labelValueFaults("")).toEqual([]);
  expect(labelKeyFaults("example.com/Name")).toEqual([]);
  expect(labelKeyFaults("Example.com/name")).toHaveLength(1);
});

test("a field of the wrong JSON type is told as Go tells it", () => {
  const spec = { containers: [{ name: "c", args: [1] }] };
  expect(decodeFault("Pod", { spec })).toBe(
    "json: cannot unmarshal number into Go struct field Container.spec.containers.args of type string",
  );
  expect(decodeFault("Pod", { spec: { containers: [{ name: "c", args: ["1"] }] } })).toBeUndefined();
});
