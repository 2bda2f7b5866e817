import { expect, test } from "vitest";
import { buildRunArgs } from "./args.ts";

test("a fresh run names the model and asks for events, reasoning and the reasons of errors", () => {
  expect(buildRunArgs({ model: "openai/gpt-5.5" }).join(" ")).toBe(
    "run --format json --thinking --print-logs --log-level ERROR --model openai/gpt-5.5",
  );
});

test("a session and a variant are passed on, what the user adds stands last", () => {
  const args = buildRunArgs({ model: "a/b", sessionId: "ses_1", variant: "high", extraArgs: ["--agent", "plan"] });
  expect(args.slice(-8)).toEqual(["--variant", "high", "--model", "a/b", "--session", "ses_1", "--agent", "plan"]);
});

test.each([
  ["--log-level DEBUG", "--log-level ERROR"],
  ["--log-level=DEBUG", "--log-level ERROR"],
  ["--variant low", "--variant high"],
  ["--thinking=false", "--thinking --"],
])("with %s the own option is left out, as OpenCode takes none twice", (own, ours) => {
  const args = buildRunArgs({ model: "a/b", variant: "high", extraArgs: own.split(" ") }).join(" ");
  expect(args).not.toContain(ours);
  expect(args.endsWith(own)).toBe(true);
});
