import { expect, test } from "vitest";
import { kubectl, kubectlApply } from "../stage/kubectl.ts";
import type { Stage } from "../stage/stage.ts";
import { expectNothingLeft, isOf } from "./wakes.ts";
import { hire, wake } from "./worker.ts";

const table: { what: string; config: Record<string, unknown>; code: string; says: RegExp }[] = [
  { what: "no model", config: { model: undefined }, code: "k8s_config_invalid", says: /model/ },
  {
    what: "a model without a provider",
    config: { model: "gpt-5" },
    code: "k8s_config_invalid",
    says: /model.*provider\/model/,
  },
  {
    what: "tolerations that are no YAML",
    config: { tolerations: "- key: [unclosed" },
    code: "k8s_config_invalid",
    says: /tolerations/,
  },
  // A Role cannot allow to look whether any namespace exists, so the cluster says the same as of one that is closed.
  {
    what: "a namespace that does not exist, seen with the Role alone",
    config: { namespace: "no-such-place" },
    code: "k8s_permission_denied",
    says: /no-such-place/,
  },
  {
    what: "no permission to create Jobs",
    config: { namespace: "default" },
    code: "k8s_permission_denied",
    says: /default/,
  },
  {
    what: "an image that nobody has",
    config: { image: "docker.io/local/absent:1", imagePullTimeoutSec: 5 },
    code: "k8s_registry_unavailable",
    says: /absent/,
  },
];

export function badInputCases(stage: () => Stage): void {
  test.each(table.map((row) => [row.what, row.code, row] as const))("%s: %s", async (what, code, { config, says }) => {
    const agent = await hire(stage(), `wrong: ${what}`, config);
    const { run } = await wake(stage(), agent.id);
    expect(run).toMatchObject({ status: "failed", errorCode: code, error: expect.stringMatching(says) });
    expect(run.error).not.toMatch(/\n\s+at /);
    await expectNothingLeft(stage(), agent.id);
    if (code === "k8s_config_invalid") expect(stage().jobs.states(isOf(agent.id))).toEqual([]);
  });

  test("a namespace that does not exist, where Paperclip may look: k8s_namespace_missing", async () => {
    const { namespace } = stage();
    const name = `${namespace}-looks`;
    await kubectlApply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name },
      rules: [{ apiGroups: [""], resources: ["namespaces"], verbs: ["get"] }],
    });
    await kubectl(
      "create",
      "clusterrolebinding",
      name,
      `--clusterrole=${name}`,
      `--serviceaccount=${namespace}:paperclip`,
    );
    try {
      const agent = await hire(stage(), "lost", { namespace: "no-such-place" });
      const { run } = await wake(stage(), agent.id);
      expect(run).toMatchObject({
        status: "failed",
        errorCode: "k8s_namespace_missing",
        error: expect.stringContaining("no-such-place"),
      });
      expect(stage().jobs.states(isOf(agent.id))).toEqual([]);
    } finally {
      await kubectl("delete", "clusterrolebinding,clusterrole", name);
    }
  });

  test("a quota that leaves no room: k8s_quota_exceeded, with the cluster's words", async () => {
    const { namespace } = stage();
    await kubectlApply({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "tight", namespace },
      spec: { hard: { "requests.cpu": "600m" } }, // Paperclip itself has 500m, and a run that is tried again may have its own
    });
    try {
      await quotaIsCounted(namespace);
      const agent = await hire(stage(), "too big", { "resources.requests.cpu": "400m" });
      const { run } = await wake(stage(), agent.id);
      expect(run).toMatchObject({
        status: "failed",
        errorCode: "k8s_quota_exceeded",
        error: expect.stringContaining("exceeded quota: tight"),
      });
      await expectNothingLeft(stage(), agent.id);
    } finally {
      await kubectl("-n", namespace, "delete", "resourcequota", "tight");
    }
  });
}

/** Until a controller has counted what is there, every pod is refused for another reason. */
async function quotaIsCounted(namespace: string): Promise<void> {
  const used = () => kubectl("-n", namespace, "get", "resourcequota", "tight", "-o", "jsonpath={.status.used}");
  await expect.poll(used, { timeout: 20_000, interval: 300 }).toContain("requests.cpu");
}
