import { afterAll, beforeAll, expect, test } from "vitest";
import { failures } from "../../src/run/failure.ts";
import { type Bench, openBench } from "./endings/bench.ts";
import { codesInStories, notInStories } from "./endings/codes.ts";
import { expectEnd } from "./endings/stage.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.stop());

const group = "OpenCode fails";
const errorEvent = (error: object) => JSON.stringify({ type: "error", timestamp: 1, sessionID: "ses_chatter", error });
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
