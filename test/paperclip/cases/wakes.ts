import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Job, Pod } from "../../../src/cluster/cluster.ts";
import { agentSelector, label, labelValue } from "../../../src/job/names.ts";
import { call, say } from "../../model/answer.ts";
import { type Stage, secrets } from "../stage/stage.ts";
import { hire, type Wake, wake, wordsOf } from "./worker.ts";

const usage = { input: 100, output: 20 };
const look = 'printf %s "$SUITE_TOKEN" | sha256sum; echo "server=[$BETTER_AUTH_SECRET] provider=[$SCRIPTED_KEY]"';

export function wakeCases(stage: () => Stage): void {
  let agentId: string;
  let first: Wake;
  let second: Wake;

  test("the first wake succeeds with a tool call and an answer", async () => {
    const { api, companyId, model } = stage();
    const secret = await api.createSecret(companyId, "SUITE_TOKEN", secrets.company);
    const env = { SUITE_TOKEN: { type: "secret_ref", secretId: secret.id, version: "latest" } };
    agentId = (await hire(stage(), "worker", { env })).id;
    model.plays(
      "worker",
      call("bash", { command: look, description: "look" }, { usage }),
      say("First answer.", { usage }),
    );
    first = await wake(stage(), agentId);
    expect(first.run).toMatchObject({ status: "succeeded", exitCode: 0, error: null, errorCode: null });
    expect(wordsOf(first.log)).toEqual(["First answer."]);
  });

  test("the agent had Paperclip's secret and the provider's key, and nothing of the server's own", () => {
    const results = requestsOf(stage(), "worker").flatMap(({ toolResults }) => toolResults);
    expect(results.join("\n")).toContain(createHash("sha256").update(secrets.company).digest("hex"));
    expect(results.join("\n")).toContain("server=[] provider=[provider-");
  });

  test("usage and model are recorded", async () => {
    expect(first.run.usageJson).toMatchObject({
      provider: "scripted",
      model: "scripted/scripted",
      inputTokens: 200,
      outputTokens: 40,
    });
    const { api, companyId } = stage();
    // Paperclip writes what a run cost a moment after it says that the run has succeeded.
    const cost = async () => (await api.costs(companyId)).find((row) => row.agentId === agentId);
    await expect
      .poll(cost, { timeout: 10_000, interval: 200 })
      .toMatchObject({ model: "scripted/scripted", inputTokens: 200 });
  });

  test("the second wake continues the first one's session", async () => {
    const { model } = stage();
    const before = requestsOf(stage(), "worker").length;
    model.plays("worker", say("Second answer.", { usage }));
    second = await wake(stage(), agentId);
    expect(second.run).toMatchObject({ status: "succeeded", exitCode: 0, error: null });
    expect(wordsOf(second.log)).toEqual(["Second answer."]);
    expect(first.run.sessionIdAfter).toMatch(/^ses_/);
    expect(second.run.sessionIdBefore).toBe(first.run.sessionIdAfter);
    expect(second.run.sessionIdAfter).toBe(first.run.sessionIdAfter);
    const [continued] = requestsOf(stage(), "worker").slice(before);
    expect(JSON.stringify(continued?.messages)).toContain("First answer.");
  });

  test("each line of output stands once in the run's log", () => {
    for (const { lines } of [first, second]) {
      const events = lines.filter((line) => line.startsWith("{"));
      expect(events.length).toBeGreaterThan(0);
      expect(new Set(events).size).toBe(events.length);
    }
  });

  test("the pods ran in a namespace that enforces Pod Security restricted, with Paperclip's image and volume", async () => {
    const { cluster, namespace, pods } = stage();
    const found = await cluster.read(
      "namespaces",
      { namespace, name: namespace },
      { signal: AbortSignal.timeout(10_000) },
    );
    expect(found?.metadata?.labels).toMatchObject({ "pod-security.kubernetes.io/enforce": "restricted" });
    const own = pods.last(isOf(agentId));
    expect(own).toHaveLength(2);
    for (const pod of own) {
      expect(pod.spec?.containers[0]?.image).toBe("docker.io/local/agent:1");
      expect(pod.spec?.volumes).toContainEqual(
        expect.objectContaining({ persistentVolumeClaim: { claimName: "paperclip-data" } }),
      );
    }
  });

  test("no secret value stood in any Job or Pod at any time", () => {
    const { jobs, pods } = stage();
    const states = JSON.stringify([jobs.states(isAgents), pods.states(isAgents)]);
    expect(states).toContain(labelValue(agentId));
    for (const value of Object.values(secrets)) expect(states).not.toContain(value);
    expect(states).not.toMatch(/eyJ[\w-]{8,}\.eyJ/); // the run's own key is a JSON Web Token
  });

  test("nothing is left of them in the cluster", async () => {
    await expectNothingLeft(stage(), agentId);
  });
}

function requestsOf({ model }: Stage, agent: string) {
  return model.requests.filter(({ isTitle, messages }) => !isTitle && JSON.stringify(messages).includes(`[${agent}]`));
}

export function isOf(agentId: string): (object: Job | Pod) => boolean {
  return ({ metadata }) => metadata?.labels?.[label.agent] === labelValue(agentId);
}

function isAgents({ metadata }: Job | Pod): boolean {
  return metadata?.labels?.[label.component] === "agent-job";
}

/** The cluster's garbage collector follows a deleted Job in its own time. */
export async function expectNothingLeft(stage: Stage, agentId: string): Promise<void> {
  await expect.poll(() => leftovers(stage, agentId), { timeout: 60_000, interval: 500 }).toEqual([]);
}

/** Names of the Jobs, pods and Secrets of an agent. */
async function leftovers({ cluster, namespace }: Stage, agentId: string): Promise<string[]> {
  const options = { labelSelector: agentSelector(agentId), signal: AbortSignal.timeout(10_000) };
  const lists = await Promise.all(
    (["jobs", "pods", "secrets"] as const).map((resource) => cluster.list(resource, namespace, options)),
  );
  return lists.flatMap(({ items }) => (items as Job[]).map(({ metadata }) => metadata?.name ?? ""));
}
