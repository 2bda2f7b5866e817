import { afterAll, beforeAll, expect, test } from "vitest";
import { failures } from "../../src/failure/failure.ts";
import { type Bench, openBench } from "../stories/bench.ts";
import { codesInStories, notInStories } from "../stories/codes.ts";
import { expectEnd } from "../stories/stage.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.stop());

const group = "OpenCode fails";
const errorEvent = (error: object) => JSON.stringify({ type: "error", timestamp: 1, sessionID: "ses_chatter", error });
const databaseError = (message: string) => errorEvent({ name: "UnknownError", data: { message } });
const apiError = (statusCode: number, message: string) =>
  errorEvent({ name: "APIError", data: { message, statusCode, isRetryable: false } });

test.each([
  {
    fault: "the provider's rate limit",
    event: apiError(429, "Rate limit reached for requests."),
    code: "opencode_provider_quota",
    family: "provider_quota",
  },
  {
    fault: "the provider has an error of its own",
    event: apiError(503, "The server is overloaded"),
    code: "opencode_provider_unavailable",
    family: "transient_upstream",
  },
  { fault: "the provider's key is refused", event: apiError(401, "Incorrect API key"), code: "opencode_provider_auth" },
  {
    fault: "the model is not known",
    event: apiError(404, "The model `x` does not exist"),
    code: "opencode_model_unknown",
  },
  {
    fault: "the session is larger than the model can read",
    event: errorEvent({ name: "ContextOverflowError", data: { message: "prompt is too long" } }),
    code: "opencode_context_overflow",
  },
])("$fault", async ({ fault, event, code, family }) => {
  const run = bench.start({ chatter: { lines: 0, event, exit: 1, mute: true } });
  const { result } = await expectEnd(bench.world, run, { group, fault, code });
  expect(result.errorFamily).toBe(family);
  expect(bench.jobsMade(run.agentId)).toBe(1);
});

test("a session that has grown too large is cleared: the next wake does not meet it again", async () => {
  const event = errorEvent({ name: "ContextOverflowError", data: { message: "prompt is too long" } });
  const { result } = await bench.start({ chatter: { lines: 0, event, exit: 1, mute: true } }).done;
  expect(result).toMatchObject({ clearSession: true, sessionParams: null, sessionId: null });
});

test("a database that OpenCode cannot read is set aside, and the run starts once more with a fresh one", async () => {
  const event = databaseError("file is not a database");
  const run = bench.start({ chatter: { lines: 0, event, exit: 1, mute: true } });
  const fault = "the agent's database is damaged, the fresh one too";
  const { said } = await expectEnd(bench.world, run, { group, fault, code: "opencode_database_unusable" });
  expect(bench.jobsMade(run.agentId)).toBe(2);
  expect(said.join()).toContain("starts once more with a fresh one");
});

test("a database that is only locked is kept, and Paperclip tries again", async () => {
  const event = databaseError("database is locked");
  const run = bench.start({ chatter: { lines: 0, event, exit: 1, mute: true } });
  const fault = "the agent's database is locked";
  const { result, said } = await expectEnd(bench.world, run, { group, fault, code: "opencode_database_unusable" });
  expect(result.errorFamily).toBe("transient_upstream");
  expect(said.join()).not.toContain("set aside");
  expect(bench.jobsMade(run.agentId)).toBe(1);
});

test("work that is done is not done again, whatever the database says at its end", async () => {
  const step = JSON.stringify({
    type: "step_finish",
    timestamp: 1,
    sessionID: "ses_chatter",
    part: { id: "prt_1", type: "step-finish", reason: "tool-calls", cost: 0.01, tokens: { input: 10, output: 20 } },
  });
  const event = `${step}\n${databaseError("no such table: part")}`;
  const run = bench.start({ chatter: { lines: 3, event, exit: 1, mute: true } });
  const fault = "the database fails after the model's first step";
  await expectEnd(bench.world, run, { group, fault, code: "opencode_database_unusable", numbers: 3 });
  expect(bench.jobsMade(run.agentId)).toBe(1);
});

test("OpenCode ends well without a word", async () => {
  const run = bench.start({ chatter: { lines: 0 } });
  await expectEnd(bench.world, run, { group, fault: "no answer", code: "opencode_no_answer" });
});

test("every failure's code is the end of a story, or it is said why not", () => {
  const told = codesInStories();
  const all = failures.map(({ code }) => code as string);
  expect(all.filter((code) => !told.has(code) && !(code in notInStories))).toEqual([]);
  expect(Object.keys(notInStories).filter((code) => told.has(code))).toEqual([]);
  expect([...told].filter((code) => code.includes("_") && !all.includes(code))).toEqual([]);
});
