import { describe, expect, test } from "vitest";
import { diagnosed, facts } from "../../test/support/run-results.ts";
import { createTranscript } from "../opencode/transcript.ts";
import type { Ending } from "../supervise/ending.ts";
import { report } from "./report.ts";

describe("what stands on the task's page", () => {
  const success: Ending = { kind: "exited", exitCode: 0, source: "launcher" };
  const answered = (finalText: string) => facts({ transcript: { ...createTranscript().view(), finalText } });

  test("a summary that begins with narration was posted by nobody: the answer alone is", () => {
    expect(report(success, undefined, answered("Done.")).resultJson).toMatchObject({
      finalResponse: { disposition: "final", text: "Done." },
    });
    expect(report(success, undefined, facts()).resultJson).not.toHaveProperty("finalResponse");
  });

  test("a failure is told with code, message and hint, a stop is not", () => {
    const { resultJson, errorMessage } = report(success, diagnosed("no-answer"), answered("Half."));
    expect(resultJson).toMatchObject({ finalResponse: { text: `opencode_no_answer: ${errorMessage}` } });
    const stopped = report({ kind: "cancelled", gone: true, forced: false }, undefined, answered("Half."));
    expect(stopped.resultJson).not.toHaveProperty("finalResponse");
  });

  test.each([
    [0, true],
    [1, false],
    [2, true],
  ])("three failures in a row are told twice: automatic retry %i", (automaticRetry, told) => {
    const { resultJson } = report(success, diagnosed("failed"), facts({ automaticRetry }));
    expect(resultJson?.["finalResponse"] !== undefined).toBe(told);
  });

  test.each([
    ["a", 1],
    ["ü", 2],
    ["€", 3],
    ["😀", 4],
  ])("Paperclip stops reading a result at 64 KiB: a very long answer of %s stays below", (character) => {
    const text = character.repeat(60_000);
    const toolErrors = Array.from({ length: 20 }, () => ({ tool: text, message: text }));
    const transcript = { ...createTranscript().view(), summary: text, finalText: text, toolErrors };
    const result = report(success, undefined, facts({ transcript }));
    const stored = { ...result.resultJson, summary: result.summary };
    expect(Buffer.byteLength(JSON.stringify(stored))).toBeLessThan(62_000);
    expect(JSON.stringify(stored)).not.toContain("\ufffd");
    expect(stored).toMatchObject({
      finalResponse: { text: expect.stringContaining("longer than can be shown") },
      summary: expect.stringContaining("left out"),
    });
  });
});
