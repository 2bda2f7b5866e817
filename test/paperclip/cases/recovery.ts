import { expect, test } from "vitest";
import { call, failures, say } from "../../model/answer.ts";
import type { Stage } from "../stage/stage.ts";
import { gatedAgent } from "./gate.ts";
import { hire } from "./worker.ts";

/** What Paperclip does with a task after a run of it: the next run is started by itself, by a comment, or not at all. */
export function recoveryCases(stage: () => Stage): void {
  test("the answer is the agent's comment, though the run began with narration; what it did stands in its events", async () => {
    const { api, companyId, model } = stage();
    const agent = await hire(stage(), "answers");
    model.plays(
      "answers",
      { ...call("bash", { command: "echo looked", description: "look" }), text: "Let me look at it first." },
      say("It is forty-two."),
    );
    const task = await api.createTask(companyId, agent.id, "answer");
    const run = await nextRun(stage(), agent.id, []);
    expect(run).toMatchObject({ status: "succeeded" });
    await expect.poll(() => bodies(stage(), task.id), { timeout: 10_000 }).toContain("It is forty-two.");
    const messages = (await api.events(run.id)).map(({ message }) => message);
    expect(messages).toContainEqual(expect.stringMatching(/^started Job agent-opencode-\S+ in namespace /));
    expect(messages).toContain("bash echo looked");
  });

  test("a failure is told on the task's page, and the user's comment starts a run", async () => {
    const { api, companyId, model } = stage();
    const agent = await hire(stage(), "refused");
    model.plays("refused", failures.unauthorized());
    const task = await api.createTask(companyId, agent.id, "fail");
    const run = await nextRun(stage(), agent.id, []);
    expect(run).toMatchObject({ status: "failed", errorCode: "opencode_provider_auth" });
    await expect
      .poll(() => bodies(stage(), task.id), { timeout: 10_000 })
      .toContainEqual(expect.stringMatching(/^opencode_provider_auth: .*provider's key/));
    await expectRetry(stage(), agent.id);
    model.plays("refused", say("It works now."));
    await expectCommentStartsRun(stage(), { agentId: agent.id, taskId: task.id, status: "succeeded" });
  });

  test.each([
    { what: "a provider's quota", name: "over quota", config: {}, code: "opencode_provider_quota" },
    {
      what: "an image that cannot be pulled",
      name: "no image",
      config: { image: "docker.io/local/absent:1", imagePullPolicy: "Never" },
      code: "k8s_image_pull_failed",
    },
  ])("$what is tried again", async ({ name, config, code }) => {
    const { api, companyId, model } = stage();
    const agent = await hire(stage(), name, config);
    model.plays(name, failures.quotaExceeded());
    await api.createTask(companyId, agent.id, name);
    expect(await nextRun(stage(), agent.id, [])).toMatchObject({ status: "failed", errorCode: code });
    await expectRetry(stage(), agent.id);
    await api.configureAgent(agent.id, { image: null, imagePullPolicy: null });
    model.plays(name, say("Done."));
  });

  test("a setting that is corrected is used by the next comment's run", async () => {
    const { api, companyId, model } = stage();
    const agent = await hire(stage(), "corrected", { tolerations: "- key: [unclosed" });
    const task = await api.createTask(companyId, agent.id, "correct me");
    expect(await nextRun(stage(), agent.id, [])).toMatchObject({ errorCode: "k8s_config_invalid" });
    model.plays("corrected", say("Corrected."));
    await api.configureAgent(agent.id, { tolerations: "" });
    await expectCommentStartsRun(stage(), { agentId: agent.id, taskId: task.id, status: "succeeded" });
  });

  test("a run that was stopped starts no other, the user's comment does", async () => {
    const { api, companyId } = stage();
    const { agent, open, words } = await gatedAgent(stage(), "stopped in a task", { graceSec: 3 });
    const task = await api.createTask(companyId, agent.id, "stop me");
    const runId = await firstRunId(stage(), agent.id);
    await expect.poll(() => words(runId), { timeout: 60_000, interval: 300 }).toHaveLength(1);
    await api.cancel(runId);
    expect(await api.runEnded(runId)).toMatchObject({ status: "cancelled" });
    await open();
    expect(await api.runsOf(companyId, agent.id)).toHaveLength(1);
    await expectCommentStartsRun(stage(), { agentId: agent.id, taskId: task.id, status: "succeeded" });
  });
}

async function bodies({ api }: Stage, taskId: string): Promise<string[]> {
  return (await api.comments(taskId)).map(({ body }) => body);
}

async function firstRunId({ api, companyId }: Stage, agentId: string): Promise<string> {
  const ids = async () => (await api.runsOf(companyId, agentId)).map(({ id }) => id);
  await expect.poll(ids, { timeout: 30_000, interval: 300 }).not.toEqual([]);
  return (await ids())[0] ?? "";
}

/** The end of the agent's first run that is none of those known. */
async function nextRun(stage: Stage, agentId: string, known: readonly string[]) {
  const { api, companyId } = stage;
  const found = async () => {
    const runs = await api.runsOf(companyId, agentId);
    return runs.find(({ id, status }) => status !== "scheduled_retry" && !known.includes(id))?.id;
  };
  await expect.poll(found, { timeout: 30_000, interval: 300 }).toBeDefined();
  return api.runEnded((await found()) ?? "", 150_000);
}

/** Paperclip has written down when it tries again; the time itself is not waited for. */
async function expectRetry({ api, companyId }: Stage, agentId: string): Promise<void> {
  const last = async () => (await api.runsOf(companyId, agentId)).at(-1);
  await expect.poll(last, { timeout: 15_000, interval: 300 }).toMatchObject({ status: "scheduled_retry" });
}

async function expectCommentStartsRun(
  stage: Stage,
  { agentId, taskId, status }: { agentId: string; taskId: string; status: string },
): Promise<void> {
  const { api, companyId } = stage;
  expect((await api.task(taskId)).status).not.toBe("blocked");
  // A scheduled retry is called off by the comment and stays as a cancelled run.
  const known = (await api.runsOf(companyId, agentId)).map(({ id }) => id);
  await api.comment(taskId, "Please go on.");
  expect(await nextRun(stage, agentId, known)).toMatchObject({ status });
}
