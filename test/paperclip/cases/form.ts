import { expect, test } from "vitest";
import { call, say } from "../../model/answer.ts";
import { adapterType, type Stage } from "../stage/stage.ts";
import { isOf } from "./wakes.ts";

const name = "form-filler";
const toleration = { key: "dedicated", operator: "Equal", value: "agents", effect: "NoSchedule" };

/** What a user types, by the setting's name. */
const typed = {
  "resources.requests.cpu": "150m",
  tolerations: "- key: dedicated\n  operator: Equal\n  value: agents\n  effect: NoSchedule\n",
  nodeSelector: "kubernetes.io/os=linux\nkubernetes.io/arch=amd64",
  labels: "team=platform",
};

/** All through Paperclip's own page, in a browser. */
export function formCases(stage: () => Stage): void {
  let agentId: string;
  let runId: string;

  test("the wizard's test says what is missing, and passes when it is there; the agent is made", async () => {
    await stage().visit(async (page) => {
      await page.beginAgent(name, "Opencode K8s");
      const without = await page.runTest();
      expect(without).toContain("Couldn't connect");
      expect(without).toContain("model: found nothing, expected provider/model");
      expect(without).toContain("Correct this setting");
      await page.chooseModel("scripted/scripted");
      const withModel = await page.runTest();
      expect(withModel).toContain("Connection successful");
      expect(withModel).toContain("The cluster would accept the Job these settings make.");
      agentId = await page.finishAgent();
    });
    expect(await stage().api.agent(agentId)).toMatchObject({ name, adapterType });
  });

  test("what is typed in the form is saved, and nothing beside it", async () => {
    const { api, visit } = stage();
    const { adapterConfig: before } = await api.agent(agentId);
    const { fields } = await api.configSchema(adapterType);
    await visit(async (page) => {
      await page.openConfiguration(agentId);
      for (const [key, value] of Object.entries(typed)) {
        await page.field(fields.find((field) => field.key === key)?.label ?? key).fill(value);
      }
      await page.save();
    });
    expect((await api.agent(agentId)).adapterConfig).toEqual({ ...before, ...typed });
  });

  test("the page's button wakes the agent, and what was typed lands in the pod", async () => {
    const { api, model, pods, visit } = stage();
    model.plays(
      name,
      call("bash", { command: "echo $((6 * 7)) apples", description: "count" }),
      say("I counted them."),
    );
    await visit(async (page) => {
      await page.openConfiguration(agentId);
      runId = await page.runNow();
    });
    expect(await api.runEnded(runId)).toMatchObject({ status: "succeeded", error: null });
    const [pod] = pods.last(isOf(agentId));
    expect(pod?.spec?.containers[0]?.resources?.requests).toMatchObject({ cpu: "150m" });
    expect(pod?.spec?.tolerations).toContainEqual(toleration);
    expect(pod?.spec?.nodeSelector).toEqual({ "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" });
    expect(pod?.metadata?.labels).toMatchObject({ team: "platform" });
  });

  test("the run's page shows the agent's words and its tool call, not the lines they came in", async () => {
    await stage().visit(async (page) => {
      await page.openRun(agentId, runId);
      await expect.poll(() => page.transcript(), { timeout: 20_000 }).toContain("I counted them.");
      await page.unfoldCommands();
      await expect.poll(() => page.transcript()).toContain("echo $((6 * 7)) apples");
      const transcript = await page.transcript();
      expect(transcript).toContain("42 apples");
      expect(transcript).not.toMatch(/\{"type":|STDOUT/);
    });
  });

  // Tells when Paperclip has mended its page, and `startable-sandbox.ts` can go.
  test("the page of this Paperclip cannot start the sandbox of any adapter's parser by itself", async () => {
    const { visit } = stage();
    await visit(
      async (page) => {
        await page.openRun(agentId, runId);
        await expect.poll(() => page.transcript(), { timeout: 20_000 }).toContain("I counted them.");
        expect(await page.transcript()).toContain('{"type":"text"');
      },
      { untouched: true },
    );
  });
}
