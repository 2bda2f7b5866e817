import { expect, test } from "vitest";
import { say } from "../../model/answer.ts";
import type { Stage } from "../stage/stage.ts";
import { isOf } from "./wakes.ts";
import { hire, wake } from "./worker.ts";

/** As Paperclip's form stores it: flat keys, text areas as text. */
const asTheFormSavesIt = {
  "resources.requests.cpu": "150m",
  "resources.requests.memory": "200Mi",
  "resources.limits.cpu": "1500m",
  "resources.limits.memory": "1Gi",
  nodeSelector: "kubernetes.io/os=linux\nkubernetes.io/arch=amd64\n",
  tolerations: "- key: dedicated\n  operator: Equal\n  value: agents\n  effect: NoSchedule\n",
  labels: "team=platform\n",
  graceSec: 7,
};

export function settingCases(stage: () => Stage): void {
  test("what the form saves lands in the pod", async () => {
    const { api, model, pods } = stage();
    const agent = await hire(stage(), "shaped");
    await api.configureAgent(agent.id, asTheFormSavesIt);
    model.plays("shaped", say("In shape."));
    expect((await wake(stage(), agent.id)).run).toMatchObject({ status: "succeeded", error: null });
    const [pod] = pods.last(isOf(agent.id));
    expect(pod?.spec?.containers[0]?.resources).toEqual({
      requests: { cpu: "150m", memory: "200Mi", "ephemeral-storage": "0" },
      limits: { cpu: "1500m", memory: "1Gi", "ephemeral-storage": "20Gi" },
    });
    expect(pod?.spec?.nodeSelector).toEqual({ "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" });
    expect(pod?.spec?.tolerations).toContainEqual({
      key: "dedicated",
      operator: "Equal",
      value: "agents",
      effect: "NoSchedule",
    });
    expect(pod?.metadata?.labels).toMatchObject({ team: "platform" });
    expect(pod?.spec?.terminationGracePeriodSeconds).toBe(7);
  });

  test("a claim of the agent's own keeps its database", async () => {
    const { cluster, databaseClass, model, namespace, pods } = stage();
    const agent = await hire(stage(), "keeper", {
      agentDbMode: "dedicated_pvc",
      agentDbStorageClass: databaseClass,
      agentDbStorageCapacity: "1Gi",
    });
    for (const words of ["Kept once.", "Kept twice."]) {
      model.plays("keeper", say(words));
      expect((await wake(stage(), agent.id)).run).toMatchObject({ status: "succeeded", error: null });
    }
    expect(JSON.stringify(model.requests.at(-1)?.messages)).toContain("Kept once.");
    const ref = { namespace, name: `opencode-db-${agent.id}` };
    const claim = await cluster.read("persistentvolumeclaims", ref, { signal: AbortSignal.timeout(10_000) });
    expect(claim?.spec).toMatchObject({ accessModes: ["ReadWriteMany"], storageClassName: databaseClass });
    expect(pods.last(isOf(agent.id))).toHaveLength(2);
  });
}
