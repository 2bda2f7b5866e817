import { describe, expect, test } from "vitest";
import { diagnosed, early, facts } from "../../test/support/run-results.ts";
import { RunFailure } from "../failure/failure.ts";
import { visibleText } from "../lib/visible-text.ts";
import { createTranscript } from "../opencode/transcript.ts";
import type { Ending } from "../supervise/ending.ts";
import { report, reportFailure } from "./report.ts";

describe("what goes into Paperclip's database and onto its pages", () => {
  const failed: Ending = { kind: "exited", exitCode: 1, source: "launcher" };

  test("case 2: has no U+0000 and no half of a surrogate pair anywhere", () => {
    const transcript = createTranscript();
    const part = { text: "a\0b\ud83d", tool: "t\0", callID: "c", state: { status: "error", error: "e\0\udc00" } };
    for (const type of ["text", "tool_use"]) transcript.add(JSON.stringify({ type, part }));
    const sessionParams = { sessionId: "ses_1", "k\0": ["\ud83d"] };
    const result = report(
      failed,
      diagnosed("failed", { message: "m\0\ud83d" }),
      facts({ transcript: transcript.view(), sessionParams, lastLines: ["l\0\ud83d"] }),
    );
    expect(JSON.stringify(result)).not.toMatch(/\\u0000|\\ud83d|\\udc00/);
    expect(result.summary).toBe("a\ufffdb\ufffd");
    expect(result.sessionParams).toEqual({ sessionId: "ses_1", "k\ufffd": ["\ufffd"] });
    const failure = reportFailure(new RunFailure("k8s_config_invalid", "x\0\ud83d"), early);
    expect(JSON.stringify(failure)).not.toMatch(/\\u0000|\\ud83d/);
  });

  test("a message has nothing that a terminal obeys, and says nothing twice", () => {
    const line = "\u001b[93m\u001b[1m! \u001b[0mpermission requested: read (a/.env); auto-rejecting";
    const message = "OpenCode stopped: permission requested: read (a/.env); auto-rejecting";
    const told = report(
      failed,
      diagnosed("permission-rejected", { message }),
      facts({ lastLines: [line, "\u202eother", "\u202eother", "other"] }),
    );
    expect(told.errorMessage).toBe(visibleText(told.errorMessage ?? ""));
    expect(told.errorMessage?.match(/auto-rejecting/g)).toHaveLength(1);
    expect(told.errorMessage?.match(/other/g)).toHaveLength(1);
  });

  test("a message is cleaned whatever it quotes: the cluster, a setting, an agent", () => {
    const message = "a\u001b[2Jb\u202ec\u009b1md";
    const failure = new RunFailure("k8s_config_invalid", message);
    const ended: Ending = { kind: "failed", failure: { code: "k8s_pod_evicted", message } };
    for (const { errorMessage } of [
      reportFailure(failure, early),
      report(ended, undefined, facts()),
      report(failed, diagnosed("failed", { message }), facts()),
    ]) {
      expect(errorMessage).toMatch(/^abcd/);
    }
  });

  test("a run whose time was up says that its provider kept failing, where that is known", () => {
    const stop = { gone: true, forced: false };
    const unavailable = diagnosed("provider-unavailable", { message: "The model's provider failed: HTTP 500." });
    for (const kind of ["timeout", "inactive"] as const) {
      expect(report({ kind, ...stop }, unavailable, facts()).errorMessage).toContain(
        "was ended. The model's provider failed: HTTP 500. ",
      );
      expect(report({ kind, ...stop }, undefined, facts()).errorMessage).not.toContain("provider failed");
    }
  });

  test("a sentence ends with one full stop", () => {
    const message = "The provider refuses: Rate limit reached for requests.";
    const { errorMessage } = report(failed, diagnosed("provider-quota", { message }), facts({ lastLines: ["Bye."] }));
    expect(errorMessage).toContain("for requests. Last lines: Bye. ");
    expect(errorMessage).not.toContain("..");
  });
});
