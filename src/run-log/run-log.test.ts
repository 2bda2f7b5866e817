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
