import { describe, expect, test } from "vitest";
import { builtTemplate, host, jobRequest, type RequestChanges, refusals } from "../../test/support/job-request.ts";
import { patches } from "../../test/support/patches.ts";
import { noPolicy, type Policy, permits } from "../config/policy/policy.ts";
import type { JsonObject } from "../lib/json-object.ts";
import { buildEnvironment } from "./env.ts";
import { mergePodTemplate, podTemplateRule } from "./merge-pod-template.ts";
import { strategicMerge } from "./strategic-merge.ts";
import { buildVolumes } from "./volumes.ts";

const largePrompt: RequestChanges = { prompt: { kind: "secret", secrets: [[Buffer.from("Say hello.")]] } };
/** What is denied after the merge has tests of its own. */
const everything: Policy = { ...noPolicy, permit: permits.map(({ name }) => name) };
const plain = builtTemplate({ ...largePrompt, policy: everything });
const own = {
  env: buildEnvironment(jobRequest(largePrompt), "run-env").own,
  volumes: buildVolumes(jobRequest(largePrompt), "run").own,
};

function merge(patch: object) {
  return mergePodTemplate(plain, patch, own);
}

function withTemplate(podTemplate: object) {
  return builtTemplate({ ...largePrompt, policy: everything, settings: { podTemplate } });
}

const opencode = (fields: object) => ({ spec: { containers: [{ name: "opencode", ...fields }] } });
const accepted = Object.entries(patches).filter(([, patch]) => merge(patch).kind === "merged");

test("a run without a podTemplate and one with an empty podTemplate have the same pod", () => {
  expect(withTemplate({})).toEqual(plain);
  expect(withTemplate({ metadata: {}, spec: {} })).toEqual(plain);
});

test("most of the recorded patches can be merged", () => {
  expect(accepted.length).toBeGreaterThan(15);
});

test.each(Object.entries(patches))("merging twice is merging once: %s", (_, patch) => {
  const once = strategicMerge(plain as JsonObject, patch as JsonObject, podTemplateRule);
  if (once.kind === "malformed") throw new Error(once.problems.join("; "));
  expect(strategicMerge(once.value, patch as JsonObject, podTemplateRule)).toEqual(once);
});

test.each(accepted)("the run's own parts survive: %s", (_, patch) => {
  const { spec } = withTemplate(patch);
  const agent = spec.containers.find(({ name }) => name === "opencode");
  const before = plain.spec.containers[0];
  expect(spec.restartPolicy).toBe("Never");
  expect(agent).toMatchObject({ command: before?.command, args: before?.args, workingDir: before?.workingDir });
  for (const variable of before?.env ?? []) {
    if (own.env.has(variable.name)) expect(agent?.env).toContainEqual(variable);
  }
  for (const volume of plain.spec.volumes ?? []) {
    if (own.volumes.has(volume.name)) expect(spec.volumes).toContainEqual(volume);
  }
  expect(spec.initContainers).toContainEqual(plain.spec.initContainers?.[0]);
});

describe("takes", () => {
  test("a sidecar, a volume, a mount, variables and resources beside the run's own", () => {
    const { spec } = withTemplate({
      spec: {
        containers: [
          { name: "proxy", image: "proxy:1" },
          {
            name: "opencode",
            env: [{ name: "EXTRA", value: "$(HOME)" }],
            volumeMounts: [{ name: "scratch", mountPath: "/scratch" }],
            resources: { limits: { "nvidia.com/gpu": "1" } },
          },
        ],
        volumes: [{ name: "scratch", emptyDir: {} }],
      },
    });
    const agent = spec.containers.find(({ name }) => name === "opencode");
    expect(spec.containers.map(({ name }) => name)).toEqual(["proxy", "opencode"]);
    expect(agent?.env).toContainEqual({ name: "EXTRA", value: "$(HOME)" });
    expect(agent?.volumeMounts).toContainEqual({ name: "scratch", mountPath: "/scratch" });
    expect(agent?.resources?.limits).toMatchObject({ cpu: expect.any(String), "nvidia.com/gpu": "1" });
    expect(spec.volumes?.map(({ name }) => name)).toContain("scratch");
  });

  test("another security context, service account, priority and affinity", () => {
    const given = {
      securityContext: { runAsUser: 2000 },
      serviceAccountName: "agents",
      automountServiceAccountToken: true,
      priorityClassName: "high",
      affinity: { podAntiAffinity: {} },
    };
    expect(withTemplate({ spec: given }).spec).toMatchObject(given);
  });

  test("a change to what is only inherited", () => {
    const { spec } = withTemplate({
      spec: {
        containers: [
          {
            name: "opencode",
            env: [
              { name: "NODE_ENV", value: "development" },
              { name: "HTTPS_PROXY", valueFrom: { secretKeyRef: { name: "proxy", key: "url" } } },
            ],
            volumeMounts: [{ mountPath: "/etc/keys", $patch: "delete" }],
          },
        ],
        volumes: [{ name: "keys", $patch: "delete" }],
      },
    });
    expect(spec.volumes?.map(({ name }) => name)).not.toContain("keys");
    // Both come by the run's Secret, which the user's Deployment does not show: a value of his own takes their place.
    expect(spec.containers[0]?.env).toContainEqual({ name: "NODE_ENV", value: "development" });
    expect(spec.containers[0]?.env).toContainEqual({
      name: "HTTPS_PROXY",
      valueFrom: { secretKeyRef: { name: "proxy", key: "url" } },
    });
  });

  test("a size for the run's own scratch volume", () => {
    const { spec } = withTemplate({ spec: { volumes: [{ name: "opencode-run", emptyDir: { sizeLimit: "5Gi" } }] } });
    expect(spec.volumes).toContainEqual({ name: "opencode-run", emptyDir: { sizeLimit: "5Gi" } });
  });

  test("labels and annotations, on the pod alone", () => {
    const { metadata } = withTemplate({ metadata: { labels: { team: "blue" }, annotations: { "x.io/y": "z" } } });
    expect(metadata).toMatchObject({
      labels: { ...plain.metadata?.labels, team: "blue" },
      annotations: { "x.io/y": "z" },
    });
  });
});

describe("refuses", () => {
  test.each<[string, object, string[]]>([
    [
      "another command",
      opencode({ command: ["sh"] }),
      ["it changes what the run needs: command of container opencode"],
    ],
    ["no arguments", opencode({ args: null }), ["it takes away what the run needs: args of container opencode"]],
    [
      "another folder to start in",
      opencode({ workingDir: "/" }),
      ["it changes what the run needs: workingDir of container opencode"],
    ],
    [
      "another key for the API",
      opencode({ env: [{ name: "PAPERCLIP_API_KEY", valueFrom: null, value: "mine" }] }),
      ["it changes what the run needs: container opencode's variable PAPERCLIP_API_KEY"],
    ],
    [
      "a server's secret that was blanked",
      opencode({ env: [{ name: "DATABASE_URL", $patch: "delete" }] }),
      ["it takes away what the run needs: container opencode's variable DATABASE_URL"],
    ],
    [
      "the run's folder mounted from elsewhere",
      opencode({ volumeMounts: [{ name: "keys", mountPath: "/opencode-run" }] }),
      ["it changes what the run needs: container opencode's mount /opencode-run"],
    ],
    [
      "the shared volume as another claim",
      { spec: { volumes: [{ name: "paperclip-data", persistentVolumeClaim: { claimName: "other" } }] } },
      ["it changes what the run needs: volume paperclip-data"],
    ],
    ["restarts", { spec: { restartPolicy: "OnFailure" } }, ["it changes what the run needs: restartPolicy"]],
    [
      "the agent's label removed",
      { metadata: { labels: { "paperclip.io/agent-id": null } } },
      ["it takes away what the run needs: label paperclip.io/agent-id"],
    ],
    [
      "the init container that brings the prompt removed",
      { spec: { initContainers: [{ name: "prompt", $patch: "delete" }] } },
      ["it takes away what the run needs: container prompt"],
    ],
    [
      "the agent's container removed",
      { spec: { containers: [{ name: "opencode", $patch: "delete" }] } },
      ["it takes away what the run needs: container opencode"],
    ],
  ])("%s", (_, patch, problems) => {
    expect(merge(patch)).toEqual({ kind: "refused", problems });
  });

  test("everything at once, each part by its name", () => {
    const result = merge({ spec: { $patch: "replace", containers: [{ name: "mine", image: "x" }] } });
    const [problem = ""] = result.kind === "refused" ? result.problems : [];
    for (const part of ["restartPolicy", "volume opencode-run", "container opencode", "container prompt"]) {
      expect(problem).toContain(part);
    }
  });

  test.each<[string, object, string]>([
    [
      "a variable without a name",
      opencode({ env: [{ value: "1" }] }),
      "spec.containers[opencode].env: every item needs its name",
    ],
    [
      "a list of texts for variables",
      opencode({ env: ["A=1"] }),
      "spec.containers[opencode].env: only objects can stand in this list",
    ],
    [
      "an unknown $patch",
      { spec: { securityContext: { $patch: "merge" } } },
      "spec.securityContext: $patch: merge, only replace or delete",
    ],
    [
      "an unknown directive",
      { spec: { "$setElementOrder/containers": [] } },
      "spec.$setElementOrder/containers: this directive is not known",
    ],
    [
      "$patch where nothing is merged",
      { spec: { tolerations: [{ $patch: "delete" }] } },
      "spec.tolerations: $patch has no meaning here: the list is always replaced as a whole",
    ],
    [
      "$retainKeys that drops what is given",
      { spec: { securityContext: { $retainKeys: [], runAsUser: 1 } } },
      "spec.securityContext: $retainKeys leaves out runAsUser, which is given",
    ],
  ])("%s", (_, patch, problem) => {
    expect(merge(patch)).toEqual({ kind: "refused", problems: [problem] });
  });

  test("a run whose podTemplate takes its own parts, and builds nothing", () => {
    expect(refusals({ settings: { podTemplate: { spec: { restartPolicy: "Always" } } } })).toEqual([
      "it changes what the run needs: restartPolicy",
    ]);
  });
});

test("directives mean in a new object what they mean in an old one", () => {
  const result = merge({
    spec: { affinity: { $patch: "replace", nodeAffinity: { a: null, b: "c" }, podAffinity: { $patch: "delete" } } },
  });
  expect(result.kind === "merged" && result.template.spec?.affinity).toEqual({ nodeAffinity: { b: "c" } });
});

test("a change to the prompt's init container broke every run with a small prompt: it counts where there is one", () => {
  const podTemplate = { spec: { initContainers: [{ name: "prompt", securityContext: { runAsUser: null } }] } };
  expect(builtTemplate({ settings: { podTemplate } }).spec.initContainers ?? []).toEqual([]);
  const [large] = withTemplate(podTemplate).spec.initContainers ?? [];
  expect(large).toMatchObject({ name: "prompt", image: "busybox:1.36" });
  expect(large?.securityContext).not.toHaveProperty("runAsUser");
});

test("a small prompt has no init container of the run's own: one named prompt is the user's", () => {
  const podTemplate = { spec: { initContainers: [{ name: "prompt", image: "busybox" }] } };
  expect(builtTemplate({ host: host(), policy: everything, settings: { podTemplate } }).spec.initContainers).toEqual(
    podTemplate.spec.initContainers,
  );
});
