import { expect, test } from "vitest";
import { createRunLog } from "./run-log.ts";

test("what the adapter says is one line of bounded length, without anything that a terminal obeys", async () => {
  const written: string[] = [];
  const log = createRunLog(async (_, text) => void written.push(text));
  await log.say("one \n\n  two\u001b[2J\u202e three");
  await log.say("x".repeat(100_000));
  expect(written[0]).toBe("[paperclip] one two three\n");
  expect(written[1]?.length).toBeLessThan(8_100);
});

/** Records each call, and takes its time with it. */
function slowLog(ms: number) {
  const calls: [string, string][] = [];
  const log = createRunLog(async (stream, chunk) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    calls.push([stream, chunk]);
  });
  return { calls, log };
}

test("no call is longer than what Paperclip passes on live, and the calls together are the text", async () => {
  const { calls, log } = slowLog(0);
  const line = `${JSON.stringify({ type: "tool_use", output: "grüße 😀 ".repeat(5_000) })}\n`;
  await log.stdout(line);
  await log.stderr("x".repeat(20_000));
  for (const [, chunk] of calls) {
    expect(chunk.length).toBeLessThanOrEqual(8_000);
    expect(chunk.isWellFormed()).toBe(true);
  }
  const textOf = (wanted: string) => calls.flatMap(([stream, chunk]) => (stream === wanted ? [chunk] : [])).join("");
  expect(textOf("stdout")).toBe(line);
  expect(textOf("stderr")).toBe("x".repeat(20_000));
});

test("nothing comes between the pieces of a text, and its writer waits for the last one", async () => {
  const { calls, log } = slowLog(2);
  const said = log.stdout(`${"a".repeat(30_000)}\n`);
  const own = log.say("a word of the adapter's own");
  await said;
  expect(calls.map(([, chunk]) => chunk).join("")).toBe(`${"a".repeat(30_000)}\n`);
  await own;
  expect(calls.at(-1)).toEqual(["stdout", "[paperclip] a word of the adapter's own\n"]);
});
