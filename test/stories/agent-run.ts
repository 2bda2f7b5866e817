import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Adapter } from "../../src/index.ts";
import { call, say } from "../model/answer.ts";
import { opencodeConfig } from "../model/opencode-config.ts";
import { type ModelServer, type Script, startModelServer } from "../model/server.ts";
import { type Recording, recordObjects } from "../world/record-objects.ts";
import { leftBehind, madeFor, type World, wake } from "../world/world.ts";

/** The environment of Paperclip's own container in these stories: a key for agents, a secret of the server's. */
export const hostEnv = {
  SCRIPTED_API_KEY: "sk-of-the-operator-51",
  DATABASE_URL: "postgres://paperclip:hunter2@db/paperclip",
};
const secrets = ["sk-of-the-operator-51", "hunter2", "run-jwt-7f3a", "user-secret-99"];

/** One agent run, whole, with real OpenCode and a scripted model. */
export function agentRunStories(makeWorld: () => Promise<World>): void {
  describe("an agent's run", () => {
    let world: World;
    let adapter: Adapter;
    let model: ModelServer;
    let script: Script = () => say("hello");
    let operatorFile: string;
    let operatorText: string;

    beforeAll(async () => {
      world = await makeWorld();
      adapter = world.adapter();
      model = await startModelServer({ host: world.hostAddress, script: (request) => script(request) });
      operatorFile = join(world.sharedFolder, ".config/opencode/opencode.json");
      operatorText = `${JSON.stringify(opencodeConfig({ baseUrl: model.url, apiKey: "{env:SCRIPTED_API_KEY}" }), null, 3)}\n`;
      writeShared(world, operatorFile, operatorText);
    });
    afterAll(async () => {
      await adapter?.close();
      await model?.stop();
      await world?.stop();
    });

    describe("two wakes of one agent", () => {
      let recording: Recording;
      let first: Awaited<ReturnType<typeof wake>>;
      let second: Awaited<ReturnType<typeof wake>>;

      beforeAll(async () => {
        recording = await recordObjects(world);
        script = (request) =>
          request.step === 0 && request.index === 0
            ? call("bash", { command: "echo tool-said-$((6*7)); echo to-stderr >&2", description: "Counts" })
            : say(`answer ${request.index}`, { usage: { input: 100, output: 7, cached: 40 } });
        const config = { env: { AGENT_SECRET: "user-secret-99" }, promptTemplate: "First: {{runId}} $(HOME) $$ `id`" };
        first = await wake(world, adapter, { config });
        const session = first.result.sessionParams ?? null;
        second = await wake(world, adapter, { config, session });
        await recording.stop();
      });

      test("both succeed, with the agent's answer, usage, cost, model and provider", () => {
        expect(first.result).toMatchObject({ exitCode: 0, errorMessage: null, timedOut: false, usageBasis: "per_run" });
        expect(second.result).toMatchObject({
          exitCode: 0,
          errorMessage: null,
          model: "scripted/scripted",
          provider: "scripted",
        });
        expect(first.result.summary).toContain("answer 1");
        expect(second.result.usage).toEqual({ inputTokens: 60, outputTokens: 7, cachedInputTokens: 40 });
        expect(first.result.costUsd).toBeGreaterThan(0);
      });

      test("the second continues the first one's session: the model sees the first turn", () => {
        expect(second.result.sessionId).toBe(first.result.sessionId);
        const last = model.requests.filter(({ isTitle }) => !isTitle).at(-1);
        expect(last?.userText).toContain(`First: ${first.runId}`);
        expect(JSON.stringify(last?.messages)).toContain("answer 1");
      });

      test("the prompt arrives as written, with what a shell or Kubernetes would expand", () => {
        const asked = model.requests.find(({ isTitle }) => !isTitle);
        expect(asked?.lastUserText).toContain(`First: ${first.runId} $(HOME) $$ \`id\``);
        expect(asked?.lastUserText.trim()).toBe(first.meta[0]?.prompt?.trim());
      });

      test("each line of OpenCode stands once in the run's log", () => {
        const events = first.stdout.map((line) => JSON.parse(line) as { type: string; part: { id: string } });
        expect(new Set(events.map(({ type, part }) => `${type} ${part.id}`)).size).toBe(events.length);
        expect(events.map(({ type }) => type)).toEqual(
          expect.arrayContaining(["step_start", "tool_use", "step_finish", "text"]),
        );
        expect(first.stdout.join()).toContain("tool-said-42");
      });

      test("the operator's own OpenCode configuration is used and untouched", () => {
        expect(readFileSync(operatorFile, "utf8")).toBe(operatorText);
        expect(model.requests[0]?.headers["authorization"]).toBe("Bearer sk-of-the-operator-51");
      });

      test("no secret value stands in a Job or a Pod", () => {
        expect(recording.count("jobs")).toBeGreaterThan(1);
        expect(recording.count("pods")).toBeGreaterThan(1);
        for (const secret of secrets) expect(recording.text).not.toContain(secret);
      });

      test("nothing is left in the cluster", async () => {
        expect(await leftBehind(world)).toEqual([]);
      });
    });

    test("the server's own secrets are not in the agent's environment, the run's key is", async () => {
      script = (request) => (request.step === 0 ? call("bash", { command: "env", description: "Shows" }) : say("done"));
      const { stdout, result } = await wake(world, adapter);
      expect(result.exitCode).toBe(0);
      const shown = stdout.join("\n");
      expect(shown).not.toContain("hunter2");
      expect(shown).toContain("PAPERCLIP_API_KEY=run-jwt-7f3a");
      expect(shown).toMatch(/PAPERCLIP_RUN_ID=run-/);
      expect(shown).not.toContain("OPENCODE_K8S_");
    });

    test.each([
      { size: "200 kB", bytes: 200_000, by: "the environment" },
      { size: "3 MB", bytes: 3_000_000, by: "Secrets and an init container" },
    ])("a prompt of $size arrives byte for byte, by $by", async ({ bytes }) => {
      script = () => say("read");
      const before = model.requests.length;
      const text = `begin ü€😀 $(HOME) ${"0123456789 äöü $$ ".repeat(Math.ceil(bytes / 20))}`.slice(0, bytes - 10);
      const { result, meta } = await wake(world, adapter, {
        config: { promptTemplate: `${text} end-of-it` },
        agentId: `big-${bytes}`,
      });
      expect(result.errorMessage).toBeNull();
      const asked = model.requests.slice(before).find(({ isTitle }) => !isTitle);
      expect(asked?.lastUserText.trim() === meta[0]?.prompt?.trim()).toBe(true);
      expect(Buffer.byteLength(asked?.lastUserText ?? "")).toBeGreaterThan(bytes);
      expect(await leftBehind(world)).toEqual([]);
    });

    test("an agent with a database claim of its own continues its session from there", async () => {
      script = (request) => say(`claim answer ${request.index}`);
      const config = { agentDbMode: "dedicated_pvc", agentDbStorageClass: "rwx", agentDbStorageCapacity: "1Gi" };
      const agentId = "agent-with-claim";
      const first = await wake(world, adapter, { config, agentId });
      expect(first.result.errorMessage).toBeNull();
      const second = await wake(world, adapter, { config, agentId, session: first.result.sessionParams ?? null });
      expect(second.result).toMatchObject({ exitCode: 0, sessionId: first.result.sessionId });
      const claim = await world.admin.read(
        "persistentvolumeclaims",
        { namespace: world.namespace, name: `opencode-db-${agentId}` },
        { signal: new AbortController().signal },
      );
      expect(claim?.spec?.accessModes).toEqual(["ReadWriteMany"]);
    });

    test("a session that OpenCode does not have is replaced by a fresh one in the same run", async () => {
      script = () => say("fresh");
      const { result, said } = await wake(world, adapter, {
        session: { sessionId: "ses_unknown0000000000000000" },
        agentId: "lost-session",
      });
      expect(result).toMatchObject({ exitCode: 0, errorMessage: null });
      expect(result.sessionId).not.toBe("ses_unknown0000000000000000");
      expect(said.join("\n")).toContain("starts once more with a fresh one");
      expect(await leftBehind(world)).toEqual([]);
    });

    test("a cancelled run stops its pod and says so, and is no success", async () => {
      script = () => call("bash", { command: "sleep 60", description: "Sleeps" });
      const cancel = new AbortController();
      const started = Date.now();
      const running = wake(world, adapter, {
        signal: cancel.signal,
        agentId: "cancelled",
        onLog: async (_, chunk) => {
          if (chunk.includes("step_start")) cancel.abort(new Error("stopped by the user"));
        },
      });
      const { result } = await running;
      expect(result.resultJson).toMatchObject({ executionCancellation: { state: "acknowledged" } });
      expect(result).toMatchObject({ errorCode: "cancelled", exitCode: null });
      expect(Date.now() - started).toBeLessThan(30_000);
      expect(await leftBehind(world)).toEqual([]);
    });

    test("a run that takes too long is ended with its log up to then", async () => {
      script = () => call("bash", { command: "sleep 60", description: "Sleeps" });
      const { result, stdout } = await wake(world, adapter, { config: { timeoutSec: 20 }, agentId: "slow" });
      expect(result).toMatchObject({ timedOut: true, errorCode: "timeout" });
      expect(stdout.join()).toContain("step_start");
      expect(await leftBehind(world)).toEqual([]);
    });

    test("two wakes of one agent at once run one after the other", async () => {
      script = (request) => say(`turn ${request.index}`);
      const [one, two] = await Promise.all([
        wake(world, adapter, { agentId: "busy", runId: "busy-1" }),
        wake(world, adapter, { agentId: "busy", runId: "busy-2" }),
      ]);
      expect([one.result.exitCode, two.result.exitCode]).toEqual([0, 0]);
      const waited = [one, two].filter(({ said }) => said.join("\n").includes("an agent has one run at a time"));
      expect(waited).toHaveLength(1);
    });

    test("settings as Paperclip's form saves them land in the pod", async () => {
      const recording = await recordObjects(world);
      script = () => say("placed");
      const node = world.kind === "real" ? "kubernetes.io/hostname=node1" : "kubernetes.io/os=linux";
      await wake(world, adapter, {
        agentId: "placed",
        config: {
          resources: undefined,
          "resources.requests.cpu": "75m",
          "resources.requests.memory": "70Mi",
          "resources.limits.memory": "1Gi",
          tolerations: "- key: dedicated\n  operator: Equal\n  value: agents\n  effect: NoSchedule\n",
          nodeSelector: `${node}\n`,
          labels: "team=blue\ncost-center=42",
        },
      });
      await recording.stop();
      const pod = recording.last("pods", "placed");
      const [key, value] = node.split("=") as [string, string];
      expect(pod?.spec?.containers[0]?.resources).toMatchObject({
        requests: { cpu: "75m", memory: "70Mi" },
        limits: { memory: "1Gi" },
      });
      expect(pod?.spec?.tolerations).toContainEqual({
        key: "dedicated",
        operator: "Equal",
        value: "agents",
        effect: "NoSchedule",
      });
      expect(pod?.spec?.nodeSelector).toEqual({ "kubernetes.io/os": "linux", [key]: value });
      expect(pod?.metadata?.labels).toMatchObject({ team: "blue", "cost-center": "42" });
    });

    describe("bad input ends with its own code and one sentence, and creates nothing", () => {
      test.each([
        {
          what: "YAML that does not parse",
          config: { tolerations: "- key: [" },
          code: "k8s_config_invalid",
          says: "tolerations",
        },
        { what: "a model without a provider", config: { model: "gpt-5" }, code: "k8s_config_invalid", says: "model" },
        { what: "no model", config: { model: undefined }, code: "k8s_config_invalid", says: "model" },
        {
          what: "a namespace that does not exist",
          config: { namespace: "no-such-place" },
          code: "k8s_namespace_missing",
          says: "no-such-place",
          account: "admin",
        },
        {
          what: "a kubeconfig that is not there",
          config: { kubeconfig: "/no/such/file" },
          code: "k8s_connection_failed",
          says: "/no/such/file",
        },
        { what: "no permission", config: {}, account: "nobody", code: "k8s_permission_denied", says: "paperclip-0" },
      ])("$what", async ({ config, code, says, account = "paperclip" }) => {
        const fresh = world.adapter();
        const kubeconfig = await world.kubeconfig(account);
        const { result } = await wake(world, fresh, { config: { kubeconfig, ...config }, agentId: "bad-input" });
        await fresh.close();
        expect(result.errorCode).toBe(code);
        expect(result.errorMessage).toContain(says);
        expect(result.exitCode).toBeNull();
        expect(await madeFor(world, "bad-input")).toEqual([]);
      });

      test("no image outside a cluster", async () => {
        const outside = world.adapter({ env: {}, serviceAccountDir: "/nowhere" });
        const { result } = await wake(world, outside, { agentId: "bad-input" });
        await outside.close();
        expect(result).toMatchObject({ errorCode: "k8s_not_in_cluster", exitCode: null });
        expect(result.errorMessage).toContain("image");
        expect(await madeFor(world, "bad-input")).toEqual([]);
      });
    });
  });
}

/** As the operator would: owned by the user that Paperclip and its agents run as. */
function writeShared(world: World, file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  if (world.kind === "embedded") return;
  for (const path of [file, dirname(file), dirname(dirname(file))]) if (existsSync(path)) chownSync(path, 1000, 1000);
}
