import type { ServerAdapterModule } from "@paperclipai/adapter-utils";
import { expect, test } from "vitest";
import type { createServerAdapter as create } from "../../src/index.ts";
import { entry } from "./built.ts";

/** What Paperclip 2026.916.1 reads of a module, and what it is here. */
const members = {
  type: "string",
  execute: "function",
  testEnvironment: "function",
  listSkills: "function",
  syncSkills: "function",
  sessionCodec: "object",
  supportsLocalAgentJwt: "boolean",
  runtimeToolDelivery: "string",
  models: "object",
  listModels: "function",
  refreshModels: "function",
  detectModel: "function",
  agentConfigurationDoc: "string",
  getConfigSchema: "function",
  supportsInstructionsBundle: "boolean",
  instructionsPathKey: "string",
  requiresMaterializedRuntimeSkills: "boolean",
} as const satisfies Partial<Record<keyof ServerAdapterModule, string>>;

/** What this adapter has no use for. */
const unused = [
  "acp",
  "sessionManagement",
  "onHireApproved",
  "getQuotaWindows",
  "getRuntimeCommandSpec",
  "loginCapability",
] as const satisfies readonly (keyof ServerAdapterModule)[];

type Decided = keyof typeof members | (typeof unused)[number];
/** Fails to compile when a member of the contract is in neither list. */
const undecided: Exclude<keyof ServerAdapterModule, Decided>[] = [];

async function adapter(): Promise<ServerAdapterModule> {
  const { createServerAdapter } = (await import(entry)) as { createServerAdapter: typeof create };
  return createServerAdapter();
}

test("every member of the contract is decided on", () => {
  expect(undecided).toEqual([]);
});

test.each(Object.entries(members))("the adapter has %s, a %s", async (name, kind) => {
  const module = await adapter();
  expect(typeof module[name as keyof ServerAdapterModule]).toBe(kind);
});

test.each(unused)("the adapter has no %s", async (name) => {
  expect(await adapter()).not.toHaveProperty(name);
});

test("the form can be sent: it is plain JSON with a key, a label and a kind of field for everything", async () => {
  const schema = await (await adapter()).getConfigSchema?.();
  expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  expect(schema?.fields.length).toBeGreaterThan(20);
  for (const field of schema?.fields ?? []) {
    expect(field).toMatchObject({ key: expect.any(String), label: expect.any(String), type: expect.any(String) });
  }
});

test("the list of models was empty in the page: the static one has models in provider/model form", async () => {
  const { models = [] } = await adapter();
  expect(models.length).toBeGreaterThan(0);
  for (const { id } of models) expect(id).toMatch(/^[^/]+\/.+$/);
});

test("a session goes through the codec and back", async () => {
  const { sessionCodec } = await adapter();
  const params = { sessionId: "ses_1", cwd: "/paperclip" };
  expect(sessionCodec?.deserialize(sessionCodec.serialize(params))).toMatchObject(params);
});
