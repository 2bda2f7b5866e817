import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Adapter } from "../../src/index.ts";
import { call, say } from "../model/answer.ts";
import { opencodeConfig } from "../model/opencode-config.ts";
import { type ModelServer, type Script, startModelServer } from "../model/server.ts";
import { leftBehind, type World, wake } from "../world/world.ts";

const agentId = "strict-agent";
const context = {
  paperclipWorkspace: {
    cwd: "/paperclip/projects/site",
    source: "project_primary",
    workspaceId: "w1",
    agentHome: `/paperclip/workspaces/${agentId}`,
  },
};

/** What other people keep on the shared volume; none of it may reach the agent. */
const canaries = {
  "pc/instances/default/secrets/master.key": "canary-master-key",
  "projects/other/notes.txt": "canary-other-project",
  ".opencode-k8s/other-agent/db-r0/opencode.db": "canary-other-sessions",
  ".config/opencode/opencode.json": "canary-operator-config",
};

/** `isolation: strict`, with real OpenCode and a scripted model. */
export function strictIsolationStories(makeWorld: () => Promise<World>): void {
  describe("an agent with isolation strict", () => {
    let world: World;
    let adapter: Adapter;
    let model: ModelServer;
    let script: Script = () => say("hello");
    let config: Record<string, unknown>;

    beforeAll(async () => {
      world = await makeWorld();
      adapter = world.adapter();
      model = await startModelServer({ host: world.hostAddress, script: (request) => script(request) });
      const provider = JSON.stringify(opencodeConfig({ baseUrl: model.url, apiKey: "sk-test" }));
      config = { isolation: "strict", env: { OPENCODE_CONFIG_CONTENT: provider } };
      put(world, "projects/site/.git/HEAD", "ref: refs/heads/main\n");
      for (const [file, text] of Object.entries(canaries)) put(world, file, text);
      put(world, "skills/review/SKILL.md", "the review skill");
    });
    afterAll(async () => {
      await adapter?.close();
      await model?.stop();
      await world?.stop();
    });

    /** A run in which the agent does one thing in its shell; what that printed. */
    async function doing(command: string, more: { session?: Record<string, unknown>; skills?: object[] } = {}) {
      script = (request) =>
        request.step === 0 ? call("bash", { command, description: "Looks" }) : say(`answer ${request.index}`);
      const skills = { paperclipRuntimeSkills: more.skills ?? [], paperclipSkillSync: { desiredSkills: ["review"] } };
      const session = more.session ? { session: more.session } : {};
      return wake(world, adapter, { agentId, context, config: { ...config, ...skills }, ...session });
    }

    test("works in its workspace, and its next wake continues the session and finds the work", async () => {
      const first = await doing("echo made-by-the-agent > made.txt; pwd; echo home=$HOME");
      expect(first.result).toMatchObject({ exitCode: 0, errorMessage: null });
      expect(readFileSync(join(world.sharedFolder, "projects/site/made.txt"), "utf8")).toBe("made-by-the-agent\n");
      expect(first.said.join("\n")).toContain("isolation strict");
      const second = await doing("cat made.txt", { session: first.result.sessionParams ?? {} });
      expect(second.stdout.join("\n")).toContain("made-by-the-agent");
      expect(second.result.sessionId).toBe(first.result.sessionId);
      expect(JSON.stringify(model.requests.filter(({ isTitle }) => !isTitle).at(-1)?.messages)).toContain("answer 1");
      expect(existsSync(join(world.sharedFolder, `.opencode-k8s/${agentId}/current`))).toBe(true);
    });

    test("sees nothing of the server, of other projects and of other agents", async () => {
      const looks = Object.keys(canaries).flatMap((file) => [`cat /paperclip/${file}`, `cat ../../${file}`]);
      const { result, stdout } = await doing(
        [...looks, "ls -laR /paperclip", "grep -r canary /paperclip", "cat ~/.config/opencode/*"].join("; "),
      );
      expect(result.exitCode).toBe(0);
      const printed = stdout.filter((line) => !line.includes("canary-nothing")).join("\n");
      if (world.kind === "real") for (const canary of Object.values(canaries)) expect(printed).not.toContain(canary);
      // What the model was told holds no more than what was printed.
      const asked = JSON.stringify(model.requests.at(-1)?.messages);
      if (world.kind === "real") for (const canary of Object.values(canaries)) expect(asked).not.toContain(canary);
      expect(printed).toContain("No such file or directory");
    });

    test("reads its skills, and cannot change them", async () => {
      const skills = [{ key: "review", runtimeName: "review", source: "/paperclip/skills/review" }];
      const { stdout } = await doing("cat /paperclip/skills/review/SKILL.md; echo x > /paperclip/skills/review/x", {
        skills,
      });
      if (world.kind === "real") expect(stdout.join("\n")).toContain("the review skill");
      expect(existsSync(join(world.sharedFolder, "skills/review/x"))).toBe(false);
    });

    test("cannot have more by its own settings", async () => {
      const podTemplate = {
        spec: {
          containers: [{ name: "opencode", volumeMounts: [{ name: "paperclip-data", mountPath: "/all" }] }],
        },
      };
      const { result } = await wake(world, adapter, { agentId, context, config: { ...config, podTemplate } });
      expect(result).toMatchObject({ errorCode: "k8s_config_invalid" });
      expect(result.errorMessage).toContain("isolation strict");
      const cwd = "/paperclip/pc/instances/default/secrets";
      const elsewhere = await wake(world, adapter, { agentId, config: { ...config, cwd } });
      expect(elsewhere.said.join("\n")).toContain("is on no volume of the agent's pod");
    });

    test("leaves nothing in the cluster", async () => {
      expect(await leftBehind(world)).toEqual([]);
    });
  });
}

function put(world: World, file: string, text: string): void {
  const place = join(world.sharedFolder, file);
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, text);
  let folder = dirname(place);
  for (chownSync(place, 1000, 1000); folder !== world.sharedFolder; folder = dirname(folder)) {
    chownSync(folder, 1000, 1000);
  }
}
