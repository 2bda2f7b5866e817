import { expect, test } from "vitest";
import type { Job, Pod } from "../../../src/cluster/cluster.ts";
import { label } from "../../../src/job/names.ts";
import { adapterType, type Stage } from "../stage/stage.ts";

const sound = { model: "scripted/scripted" };

const told: { what: string; config: Record<string, unknown>; code: string; level: string; says: RegExp }[] = [
  {
    what: "an image without OpenCode",
    config: { ...sound, image: "docker.io/library/busybox:1.36" },
    code: "opencode_missing",
    level: "error",
    says: /busybox:1\.36 has no opencode/,
  },
  {
    what: "a model that OpenCode does not know",
    config: { model: "nobody/nothing" },
    code: "opencode_model_unknown",
    level: "error",
    says: /nobody\/nothing is not one of them/,
  },
  {
    what: "an image that nobody has",
    config: { ...sound, image: "docker.io/local/absent:1" },
    code: "k8s_preflight_not_started",
    level: "error",
    says: /absent/,
  },
  {
    what: "a pod that Pod Security refuses",
    config: { ...sound, podTemplate: "spec: {containers: [{name: opencode, securityContext: {capabilities: null}}]}" },
    code: "k8s_preflight_not_started",
    level: "error",
    says: /PodSecurity/,
  },
];

export function environmentCases(stage: () => Stage): void {
  test("a sound configuration passes, as a pod has shown from inside", async () => {
    const { api, companyId } = stage();
    const { checks, status } = await api.testEnvironment(companyId, adapterType, sound);
    expect(checks.filter(({ level }) => level !== "info")).toEqual([]);
    expect(status).toBe("pass");
    const message = (code: string) => checks.find((check) => check.code === code)?.message;
    expect(message("opencode_version")).toMatch(/OpenCode \d+\.\d+\.\d+/);
    expect(message("opencode_model_known")).toContain(sound.model);
    expect(message("k8s_api_url_reachable")).toMatch(/http:\/\/\S+/);
  });

  test.each(told)("$what is told: $code", async ({ config, code, level, says }) => {
    const { api, companyId } = stage();
    const { checks, status } = await api.testEnvironment(companyId, adapterType, config);
    expect(checks.find((check) => check.code === code)).toMatchObject({ level, message: expect.stringMatching(says) });
    expect(status).toBe("fail");
  });

  test("a bad one fails, with a hint for each finding, and no pod is started for it", async () => {
    const { api, companyId, jobs } = stage();
    const before = jobs.states(isPreflight).length;
    const result = await api.testEnvironment(companyId, adapterType, { model: "no-provider", namespace: "default" });
    expect(result.status).toBe("fail");
    for (const check of result.checks.filter(({ level }) => level !== "info"))
      expect(check.hint, check.code).toBeTruthy();
    expect(result.checks.at(-1)).toMatchObject({ code: "k8s_preflight_skipped", level: "info" });
    expect(jobs.states(isPreflight)).toHaveLength(before);
  });

  // The cluster's garbage collector follows a deleted Job in its own time.
  test("nothing is left of the pods that looked", async () => {
    expect(stage().jobs.last(isPreflight).length).toBeGreaterThan(told.length);
    await expect.poll(() => leftovers(stage()), { timeout: 60_000, interval: 500 }).toEqual([]);
  });
}

function isPreflight({ metadata }: Job | Pod): boolean {
  return metadata?.labels?.[label.preflight] === "true";
}

async function leftovers({ cluster, namespace }: Stage): Promise<string[]> {
  const options = { labelSelector: `${label.preflight}=true`, signal: AbortSignal.timeout(10_000) };
  const lists = await Promise.all(
    (["jobs", "pods", "secrets"] as const).map((resource) => cluster.list(resource, namespace, options)),
  );
  return lists.flatMap(({ items }) => (items as Job[]).map(({ metadata }) => metadata?.name ?? ""));
}
