import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import { expect, test } from "vitest";
import { createAdapter } from "./adapter.ts";

async function run(changes: Partial<AdapterExecutionContext>) {
  const warnings: string[] = [];
  const adapter = createAdapter({ env: {}, warn: (message) => warnings.push(message) });
  const result = await adapter.execute({
    runId: "r1",
    agent: { id: "a1", companyId: "c1", name: "Ada", adapterType: "opencode_k8s", adapterConfig: {} },
    runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: null },
    config: { model: "anthropic/claude-sonnet-4-5" },
    context: {},
    onLog: async () => {},
    ...changes,
  });
  await adapter.close();
  return { result, warnings };
}

const broken = {
  get model(): string {
    throw new TypeError("a bug");
  },
};

const rejects = async () => {
  throw new Error("the database is away");
};

test.each([
  ["a bug of the adapter", { config: broken }, "a bug"],
  ["a call into Paperclip that fails", { onCancellationReady: rejects }, "the database is away"],
])(
  "a task is held for good when its adapter throws: %s is a result, its stack a warning",
  async (_, changes, words) => {
    const { result, warnings } = await run(changes);
    expect(result).toMatchObject({
      errorCode: "k8s_adapter_error",
      errorMessage: expect.stringContaining(words),
      executionRecovery: { kind: "bootstrap", providerWorkStarted: false },
      resultJson: { conversationContinuation: "continue_conversation_v1" },
    });
    expect(JSON.stringify(result)).not.toContain("adapter-errors.test.ts");
    expect(warnings).toEqual([expect.stringMatching(/run r1 .*adapter-errors\.test\.ts/s)]);
  },
);

test("a setting that cannot be used is no such error", async () => {
  const { result, warnings } = await run({ config: {} });
  expect(result).toMatchObject({ errorCode: "k8s_config_invalid", exitCode: null });
  expect(warnings).toEqual([]);
});

test("events that cannot be told end no run", async () => {
  const { result } = await run({ config: {}, onEvent: rejects });
  expect(result.errorCode).toBe("k8s_config_invalid");
});
