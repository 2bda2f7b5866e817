import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { assemblePrompt, type PromptInput } from "./assemble-prompt.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "prompt-"));
  await writeFile(path.join(folder, "AGENTS.md"), "INSTRUCTIONS, see docs/style.md\n");
  for (const name of ["paperclip", "review"]) {
    await mkdir(path.join(folder, name));
    await writeFile(path.join(folder, name, "SKILL.md"), `SKILL ${name}\n`);
  }
});
afterAll(() => rm(folder, { recursive: true }));

const agent = { id: "a1", companyId: "c1", name: "Ada", adapterType: "opencode_k8s", adapterConfig: {} };
const wake = {
  reason: "issue_commented",
  issue: { id: "i1", identifier: "T-1", title: "WAKE TITLE", description: "WAKE DESCRIPTION" },
};

function input(context: Record<string, unknown>, more: Partial<PromptInput> = {}): PromptInput {
  return {
    execution: { runId: "r1", agent, config: {}, context },
    settings: {},
    resumedSession: false,
    cwd: folder,
    serverEnv: { PAPERCLIP_HOME: folder },
    ...more,
  };
}

/** The sections' marks in the order in which they stand. */
function order(text: string, marks: readonly string[]): string[] {
  return marks.filter((mark) => text.includes(mark)).sort((left, right) => text.indexOf(left) - text.indexOf(right));
}

test("a first wake has every section, in order", async () => {
  const config = {
    paperclipRuntimeSkills: ["review", "paperclip"].map((name) => ({
      key: `paperclipai/paperclip/${name}`,
      runtimeName: name,
      source: path.join(folder, name),
    })),
    paperclipSkillSync: { desiredSkills: ["paperclipai/paperclip/review"] },
  };
  const context = { paperclipWake: wake, paperclipTaskMarkdown: "TASK", paperclipSessionHandoffMarkdown: "HANDOFF" };
  const { text, metrics, notes, warnings } = await assemblePrompt(
    input(context, {
      execution: { runId: "r1", agent, config, context },
      settings: {
        instructionsFilePath: "AGENTS.md",
        bootstrapPromptTemplate: "BOOTSTRAP {{runId}}",
        promptTemplate: "HEARTBEAT of {{agent.name}} in {{companyId}}",
      },
    }),
  );
  const marks = [
    "INSTRUCTIONS",
    "SKILL paperclip",
    "SKILL review",
    "BOOTSTRAP r1",
    "WAKE TITLE",
    "TASK",
    "HANDOFF",
    "HEARTBEAT of Ada in c1",
  ];
  expect(order(text, marks)).toEqual(marks);
  expect(text).toContain(`start at ${folder}/.`);
  expect(warnings).toEqual([]);
  expect(notes).toEqual([expect.stringContaining("AGENTS.md"), "The prompt holds the skills paperclip, review."]);
  expect(Object.values(metrics).every((chars) => chars > 0)).toBe(true);
  expect(metrics.promptChars).toBe(text.length);
});

test("the task's own section takes the description out of the wake", async () => {
  const withTask = await assemblePrompt(input({ paperclipWake: wake, paperclipTaskMarkdown: "TASK" }));
  expect(withTask.text).not.toContain("WAKE DESCRIPTION");
  const without = await assemblePrompt(input({ paperclipWake: wake }));
  expect(without.text).toContain("WAKE DESCRIPTION");
});

test("a resumed session gets the wake and the short task, no bootstrap and no heartbeat", async () => {
  const context = {
    paperclipWake: wake,
    paperclipTaskMarkdown: "TASK IN FULL",
    paperclipTaskMarkdownCompact: "TASK IN SHORT",
  };
  const settings = { bootstrapPromptTemplate: "BOOTSTRAP", promptTemplate: "HEARTBEAT" };
  const resumed = await assemblePrompt(input(context, { settings, resumedSession: true }));
  expect(order(resumed.text, ["WAKE TITLE", "TASK IN SHORT"])).toHaveLength(2);
  expect(resumed.text).not.toMatch(/BOOTSTRAP|HEARTBEAT|TASK IN FULL/);
  expect(resumed.metrics).toMatchObject({ bootstrapPromptChars: 0, heartbeatPromptChars: 0 });

  const again = await assemblePrompt(input(context, { settings, resumedSession: false }));
  expect(order(again.text, ["BOOTSTRAP", "WAKE TITLE", "TASK IN FULL", "HEARTBEAT"])).toHaveLength(4);
});

test("a resumed session without a wake gets the heartbeat", async () => {
  const { text } = await assemblePrompt(input({}, { settings: { promptTemplate: "HEARTBEAT" }, resumedSession: true }));
  expect(text).toBe("HEARTBEAT");
});

test("a recovery wake has no heartbeat, in a fresh session too", async () => {
  const context = { paperclipWake: { ...wake, reason: "source_scoped_recovery_action" } };
  const { metrics } = await assemblePrompt(input(context, { settings: { promptTemplate: "HEARTBEAT" } }));
  expect(metrics.heartbeatPromptChars).toBe(0);
});

test("without a template Paperclip's own one is used, for a conversation its other one", async () => {
  const work = await assemblePrompt(input({}));
  expect(work.text).toMatch(/^You are agent a1 \(Ada\)\. Continue your Paperclip work\./);
  const talk = await assemblePrompt(input({ conversationMode: true }));
  expect(talk.text).toMatch(/^You are agent a1 \(Ada\)\. Continue your Paperclip conversation/);
});

test("an instructions file that is not there is a warning, and the prompt goes on", async () => {
  const { text, metrics, warnings } = await assemblePrompt(
    input({}, { settings: { instructionsFilePath: "nowhere/AGENTS.md", promptTemplate: "HEARTBEAT" } }),
  );
  expect(text).toBe("HEARTBEAT");
  expect(metrics.instructionsChars).toBe(0);
  expect(warnings).toEqual([expect.stringMatching(/\/nowhere\/AGENTS\.md.*ENOENT/)]);
});
