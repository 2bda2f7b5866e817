import { describe, expect, test } from "vitest";
import {
  countsAsSuccess,
  diagnosed,
  diagnoses,
  early,
  endings,
  exitCodes,
  facts,
} from "../../test/support/run-results.ts";
import { failures, RunFailure } from "../failure/failure.ts";
import { diagnose } from "../opencode/diagnosis.ts";
import { createTranscript } from "../opencode/transcript.ts";
import type { Ending } from "../supervise/ending.ts";
import { report, reportCancelled, reportFailure } from "./report.ts";

describe("over all endings and diagnoses", () => {
  test("only an exit that nothing speaks against is a success", () => {
    for (const ending of endings) {
      for (const diagnosis of diagnoses) {
        const success = ending.kind === "exited" && ending.reason !== "OOMKilled" && diagnosis === undefined;
        const result = report(ending, diagnosis, facts());
        expect(countsAsSuccess(result), JSON.stringify({ ending, diagnosis })).toBe(success);
      }
    }
  });

  test("half the output lost was counted as success: an exit that OpenCode's output does not explain is none", () => {
    for (const exitCode of exitCodes) {
      const { transcript } = facts();
      const diagnosis = diagnose({ exitCode, transcript, stderrTail: "" });
      expect(countsAsSuccess(report({ kind: "exited", exitCode, source: "status" }, diagnosis, facts()))).toBe(false);
    }
  });

  test("every failure has a code of the table, a message and, as far as Paperclip knows it, a family", () => {
    const codes = new Set<string>(failures.map(({ code }) => code));
    for (const ending of endings) {
      for (const diagnosis of diagnoses) {
        const result = report(ending, diagnosis, facts());
        if (countsAsSuccess(result)) continue;
        expect(codes).toContain(result.errorCode);
        expect(result.errorMessage).toMatch(/^\S.*\S$/s);
        expect([undefined, "transient_upstream", "provider_quota"]).toContain(result.errorFamily);
      }
    }
  });

  test("usage stands for this run alone, or the server subtracts the run before", () => {
    for (const ending of endings) expect(report(ending, undefined, facts()).usageBasis).toBe("per_run");
  });

  test("the session to continue is kept, however the run ended", () => {
    for (const ending of endings) {
      expect(report(ending, undefined, facts())).toMatchObject({
        sessionId: "ses_1",
        sessionParams: { sessionId: "ses_1", cwd: "/paperclip" },
      });
    }
  });
});

describe("a cancelled run", () => {
  test("is acknowledged only when its process was seen to have ended", () => {
    const seen = report({ kind: "cancelled", gone: true, forced: true }, undefined, facts());
    expect(seen.resultJson).toMatchObject({ executionCancellation: { state: "acknowledged", forced: true } });
    const unseen = report({ kind: "cancelled", gone: false, forced: true }, undefined, facts());
    expect(unseen.resultJson).not.toHaveProperty("executionCancellation");
    expect(unseen.errorMessage).toContain("has not confirmed");
  });

  test("before there was a Job is acknowledged as well", () => {
    expect(reportCancelled({ confirmed: true, jobStarted: false })).toMatchObject({
      errorCode: "cancelled",
      resultJson: { executionCancellation: { state: "acknowledged", forced: false } },
    });
  });
});

describe("what the reader is told", () => {
  test("opaque 'exit 1': the last lines stand in the message", () => {
    const lastLines = ["", "Error: cannot find module x", "  at y"];
    const result = report(
      { kind: "exited", exitCode: 1, source: "launcher" },
      diagnosed("failed"),
      facts({ lastLines }),
    );
    expect(result.errorMessage).toContain("Error: cannot find module x | ");
    expect(result.exitCode).toBe(1);
  });

  test("out of memory was hidden by a parsed error: it comes first, with the last lines", () => {
    const ending: Ending = { kind: "exited", exitCode: 137, source: "launcher", reason: "OOMKilled" };
    const result = report(ending, diagnosed("provider-unavailable"), facts({ lastLines: ["boom"] }));
    expect(result.errorCode).toBe("k8s_out_of_memory");
    expect(result.errorMessage).toContain("boom");
    expect(result.errorMessage).toContain("resources.limits.memory");
  });

  test("one failed tool call made a clean run fail: it is told beside the success", () => {
    const transcript = { ...createTranscript().view(), toolErrors: [{ tool: "bash", message: "no" }], toolCalls: 1 };
    const result = report({ kind: "exited", exitCode: 0, source: "launcher" }, undefined, facts({ transcript }));
    expect(countsAsSuccess(result)).toBe(true);
    expect(result.resultJson).toMatchObject({ toolErrors: [{ tool: "bash", message: "no" }] });
  });

  test("an error of OpenCode's that ended with code 0 is not a success", () => {
    const result = report({ kind: "exited", exitCode: 0, source: "launcher" }, diagnosed("no-answer"), facts());
    expect(result.exitCode).toBe(1);
    expect(result.resultJson).toMatchObject({ exitCode: 0, diagnosis: "no-answer" });
  });

  test("a provider's wish to wait becomes the time before which nothing is tried", () => {
    const diagnosis = diagnosed("provider-quota", {
      family: "provider_quota",
      retryAfterMs: 60_000,
    });
    const { retryNotBefore, errorFamily } = report(
      { kind: "exited", exitCode: 1, source: "launcher" },
      diagnosis,
      facts(),
    );
    expect(errorFamily).toBe("provider_quota");
    const waitMs = Date.parse(String(retryNotBefore)) - Date.now();
    expect(waitMs).toBeGreaterThan(55_000);
    expect(waitMs).toBeLessThanOrEqual(60_000);
  });

  test("a run that took too long is timed out, by our timer or by the pod's deadline", () => {
    const ours = report({ kind: "timeout", gone: true, forced: false }, undefined, facts());
    const theirs = report({ kind: "failed", failure: { code: "timeout", message: "m" } }, undefined, facts());
    for (const result of [ours, theirs])
      expect(result).toMatchObject({ timedOut: true, errorCode: "timeout", exitCode: null });
    expect(ours.errorMessage).toContain("600 s");
  });

  test.each(failures)("$code has its family and its hint from the table", ({ code, hint, ...row }) => {
    const result = report({ kind: "failed", failure: { code, message: "It happened." } }, undefined, facts());
    expect(result.errorFamily).toBe("family" in row ? row.family : undefined);
    if (code !== "cancelled") expect(result.errorMessage).toContain(hint);
  });
});

describe("a message and its hint have exactly one full stop between them", () => {
  test.each([
    ["The cluster did not say within 15 s: no answer within 15000 ms", "15000 ms. Nothing to do"],
    ["Too many requests..", "requests. Paperclip"],
    ["The node was low on memory. .", "memory. Paperclip"],
    ['secret "keys" not found', "not found. Create what"],
  ])("of a failed pod and of a failure before the Job: %s", (message, joint) => {
    const hint = joint.endsWith("Create what") ? "Create what the message names." : undefined;
    const code = joint.includes("Paperclip") ? "k8s_pod_evicted" : "k8s_concurrency_guard_unreachable";
    expect(reportFailure(new RunFailure(code, message, { hint }), early).errorMessage).toContain(joint);
  });

  test("also where the last lines stand between them", () => {
    const exited = { kind: "exited", exitCode: 1, source: "launcher" } as const;
    const { errorMessage } = report(
      exited,
      diagnosed("failed", { message: "It failed..", hint: "Look." }),
      facts({ lastLines: ["out of space."] }),
    );
    expect(errorMessage).toBe("It failed. Last lines: out of space. Look.");
  });
});

test("a failure before the Job says what it says, with code, family and time", () => {
  const retryNotBefore = new Date("2030-01-01T00:00:00Z");
  const failure = new RunFailure("k8s_quota_exceeded", "No room.", { retryNotBefore });
  expect(reportFailure(failure, early)).toEqual({
    exitCode: null,
    signal: null,
    timedOut: false,
    errorCode: "k8s_quota_exceeded",
    errorMessage: `No room. ${failure.hint}`,
    errorFamily: "transient_upstream",
    retryNotBefore: retryNotBefore.toISOString(),
    executionRecovery: { kind: "bootstrap", providerWorkStarted: false },
    resultJson: {
      conversationContinuation: "continue_conversation_v1",
      finalResponse: { disposition: "final", text: `k8s_quota_exceeded: No room. ${failure.hint}` },
    },
  });
});

test.each(["program-missing", "program-unusable"] as const)("%s is the container's failure to start", (kind) => {
  const result = report({ kind: "exited", exitCode: 127, source: "launcher" }, diagnosed(kind), facts());
  expect(result.errorCode).toBe("k8s_container_start_failed");
});
