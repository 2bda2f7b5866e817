import { describe, expect, test } from "vitest";
import { badKeys, model, parsed, problems } from "../../test/support/parsed.ts";
import { parseSettings } from "./parse-settings.ts";
import { noPolicy } from "./policy/policy.ts";
import { describeProblems } from "./setting-problem.ts";
import type { Settings } from "./settings.ts";

const defaults: Settings = {
  model,
  dangerouslySkipPermissions: true,
  isolation: "shared",
  agentDbMode: "ephemeral",
  agentDbStorageCapacity: "10Gi",
  resources: {
    requests: { cpu: "1000m", memory: "2Gi", "ephemeral-storage": "0" },
    limits: { cpu: "4000m", memory: "8Gi", "ephemeral-storage": "20Gi" },
  },
  labels: {},
  startTimeoutSec: 900,
  imagePullTimeoutSec: 300,
  securityProfile: "auto",
  evictionProtection: true,
  ttlSecondsAfterFinished: 300,
  retainJobs: false,
  reattachOrphanedJobs: false,
  timeoutSec: 0,
  graceSec: 30,
  inactivityTimeoutSec: 0,
  env: {},
  extraArgs: [],
  initImage: "busybox:1.36",
};

describe("an empty config", () => {
  test("with a model parses to all defaults, without keys for what is not set", () => {
    expect(parsed({})).toStrictEqual(defaults);
  });

  test("says clearly that the model is missing", () => {
    for (const raw of [{}, { model: "" }, { model: null }, { model: "  " }]) {
      expect(parseSettings(raw, noPolicy)).toEqual({
        ok: false,
        problems: [{ key: "model", found: "nothing", expected: expect.stringContaining("provider/model") }],
      });
    }
  });

  test("stays empty when its fields are null or empty text", () => {
    const keys = ["variant", "namespace", "image", "imagePullPolicy", "tolerations", "nodeSelector", "env", "graceSec"];
    for (const empty of [null, "", " \n"]) {
      expect(parsed(Object.fromEntries(keys.map((key) => [key, empty])))).toStrictEqual(defaults);
    }
  });

  test("a selector of comments alone was read as none at all: such text is unset, in every setting that takes comments", () => {
    const keys = ["nodeSelector", "labels", "tolerations", "podTemplate", "resources"];
    for (const text of ["# later", "\n  # a=b\n\n#- key: x\n"]) {
      expect(parsed(Object.fromEntries(keys.map((key) => [key, text])))).toStrictEqual(defaults);
    }
    expect(parsed({ promptTemplate: "# A heading" }).promptTemplate).toBe("# A heading");
  });

  test("may hold keys that are not ours", () => {
    expect(parsed({ paperclipRuntimeSkills: [], command: "opencode" })).toStrictEqual(defaults);
  });
});

describe("zeros, falses and first options that clients fill in", () => {
  test("keep the defaults where they would do harm", () => {
    const filled = {
      ttlSecondsAfterFinished: 0,
      graceSec: 0,
      timeoutSec: 0,
      inactivityTimeoutSec: 0,
      imagePullPolicy: "",
    };
    expect(parsed({ ...filled, retainJobs: false, agentDbMode: "ephemeral" })).toStrictEqual(defaults);
  });
});

test.each(["anthropic", "anthropic/", "/claude", "a b/c", 7])("refuses the model %j", (bad) => {
  expect(parseSettings({ model: bad }, noPolicy)).toMatchObject({ ok: false, problems: [{ key: "model" }] });
});

test("a model may have slashes of its own", () => {
  expect(parsed({ model: " openrouter/openai/gpt-oss-120b:nitro " }).model).toBe(
    "openrouter/openai/gpt-oss-120b:nitro",
  );
});

test.each([
  [{ variant: "high", effort: "low", thinkingEffort: "max" }, "high"],
  [{ variant: "", effort: "low", thinkingEffort: "max" }, "low"],
  [{ thinkingEffort: "max" }, "max"],
  [{}, undefined],
])("from %j the variant is %s", (raw, variant) => {
  expect(parsed(raw).variant).toBe(variant);
});

test("numbers and truths may come as text", () => {
  expect(
    parsed({ timeoutSec: "60", graceSec: " 5 ", retainJobs: "true", dangerouslySkipPermissions: "no" }),
  ).toMatchObject({
    timeoutSec: 60,
    graceSec: 5,
    retainJobs: true,
    dangerouslySkipPermissions: false,
  });
});

test("a stopped run kept its key and its node for as long as it liked: its grace ends after ten minutes", () => {
  expect(parsed({ graceSec: 600 }).graceSec).toBe(600);
  expect(problems({ graceSec: 601 })).toEqual([
    { key: "graceSec", found: "601", expected: "a whole number of seconds from 0 to 600" },
  ]);
});

test("a claim's size has a unit too", () => {
  expect(parsed({ agentDbStorageCapacity: "20Gi" }).agentDbStorageCapacity).toBe("20Gi");
  expect(problems({ agentDbStorageCapacity: "20GB" })[0]?.expected).toContain("use 20G or 20Gi");
  expect(badKeys({ agentDbStorageCapacity: 20 })).toEqual(["agentDbStorageCapacity"]);
});

test.each([-1, 1.5, "soon", "1h", true, Number.NaN, 1e12])("refuses %j seconds", (timeoutSec) => {
  expect(badKeys({ timeoutSec })).toEqual(["timeoutSec"]);
});

describe("env", () => {
  test("comes as text, bindings, numbers and lines", () => {
    expect(parsed({ env: { A: "1", B: { type: "plain", value: "x" }, C: 2, D: true, E: "", F: null } }).env).toEqual({
      A: "1",
      B: "x",
      C: "2",
      D: "true",
      E: "",
    });
    expect(parsed({ env: "A=1\n# no\nB=x=y" }).env).toEqual({ A: "1", B: "x=y" });
  });

  test("never shows a value in a problem", () => {
    const found = problems({
      env: {
        "1A": "hunter2",
        B: { type: "secret_ref", secretId: "hunter2" },
        C: ["hunter2"],
        D: "hunter2\0",
        E: "hunter2".repeat(20_000),
      },
    });
    expect(found.map(({ key }) => key)).toEqual(["env.1A", "env.B", "env.C", "env.D", "env.E"]);
    expect(describeProblems([...found, ...problems({ env: "hunter2" })])).not.toContain("hunter2");
  });

  test("holds a value up to what Linux takes", () => {
    expect(badKeys({ env: { A: "x".repeat(131_069) } })).toEqual([]);
    expect(badKeys({ env: { A: "x".repeat(131_070) } })).toEqual(["env.A"]);
  });
});

test("arguments come as an array or as text", () => {
  expect(parsed({ extraArgs: ["--agent", "build", 3] }).extraArgs).toEqual(["--agent", "build", "3"]);
  expect(parsed({ extraArgs: "--agent build, --share" }).extraArgs).toEqual(["--agent", "build", "--share"]);
  for (const extraArgs of [undefined, "", []]) {
    expect(parsed({ extraArgs, args: ["--agent", "build"] }).extraArgs).toEqual(["--agent", "build"]);
  }
  expect(parsed({ extraArgs: ["--share"], args: ["--agent", "build"] }).extraArgs).toEqual(["--share"]);
  expect(badKeys({ extraArgs: "--title 'x" })).toEqual(["extraArgs"]);
  expect(badKeys({ extraArgs: ["--x", {}] })).toEqual(["extraArgs.1"]);
  expect(badKeys({ extraArgs: { x: 1 } })).toEqual(["extraArgs"]);
});

test("every bad field is named at once, with what was found and what is expected", () => {
  const found = problems({
    model: "gpt",
    namespace: "My Namespace",
    image: "an image",
    imagePullPolicy: "Sometimes",
    kubeconfig: "apiVersion: v1\nclusters: []",
    serviceAccountName: "x_y",
    agentDbMode: "shared",
    agentDbStorageClass: "Fast!",
    agentDbStorageCapacity: "ten",
    runtimeClassName: "-",
    initImage: ":",
    cwd: "relative",
    retainJobs: "perhaps",
    promptTemplate: 5,
  });
  expect(found).toHaveLength(14);
  for (const problem of found) {
    expect(problem.found).not.toBe("");
    expect(problem.expected).not.toBe("");
  }
  expect(describeProblems(found)).toMatch(
    /^14 settings are not usable\. model: found "gpt", expected provider\/model.*\.$/s,
  );
});

test("a long value is cut in a message", () => {
  expect(problems({ namespace: "x".repeat(500) })[0]?.found.length).toBeLessThan(100);
});

describe("a setting that would cost the server", () => {
  const bomb = (levels: number) =>
    ["a0: &a0 [x, x]", ...Array.from({ length: levels }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]`)].join(
      "\n",
    );

  test.each(["podTemplate", "resources", "tolerations", "labels", "nodeSelector"])("may hold no aliases: %s", (key) => {
    for (const yaml of [bomb(2), bomb(30), "spec: &x {a: 1}\nmetadata: *x"]) {
      const told = describeProblems(problems({ [key]: yaml }));
      expect(told).toContain(key);
      expect(told).toContain("alias");
    }
  });

  test("an anchor alone is harmless", () => {
    expect(parsed({ podTemplate: "spec: &x {priorityClassName: high}" }).podTemplate).toEqual({
      spec: { priorityClassName: "high" },
    });
  });

  test("the message names the setting and the limit, and is short whatever was given", () => {
    const deep: unknown = JSON.parse(`${'{"a":'.repeat(60)}1${"}".repeat(60)}`);
    expect(describeProblems(problems({ podTemplate: deep }))).toBe(
      "A setting is not usable. podTemplate: found more than 40 levels, expected at most 40 levels.",
    );
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`not a key ${at}`, "x"]));
    const told = describeProblems(problems({ labels: many, env: many, nodeSelector: { ["k".repeat(100_000)]: "v" } }));
    expect(told.length).toBeLessThan(20_000);
    expect(told).toMatch(/; and \d+ more\.$/);
  });
});

test("agents wrote a kubeconfig of their own: a path on the shared volume is none, however it is written", () => {
  expect(parsed({ kubeconfig: "/etc/clusters/a" }).kubeconfig).toBe("/etc/clusters/a");
  for (const kubeconfig of ["/paperclip/k", "/paperclip", "/etc/../paperclip/k", "//paperclip/k", "/./paperclip/k"]) {
    expect(badKeys({ kubeconfig })).toEqual(["kubeconfig"]);
  }
});
