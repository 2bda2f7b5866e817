import { describe, expect, test } from "vitest";
import { countsAsSuccess, diagnosed, diagnoses, early, endings, facts } from "../../test/support/run-results.ts";
import { failures, RunFailure } from "../failure/failure.ts";
import type { Ending } from "../supervise/ending.ts";
import { recoveryOf } from "./recovery.ts";
import { type RunFacts, report, reportFailure } from "./report.ts";

const proof = { kind: "bootstrap", providerWorkStarted: false };
const goesOn = { conversationContinuation: "continue_conversation_v1" };
const bits = [true, false];

test.each(failures)("$code: the task goes on, and what was proved is said", ({ code }) => {
  for (const jobStarted of bits) {
    for (const ranBefore of bits) {
      const { executionRecovery, resultJson } = recoveryOf({ kind: "failed", code, jobStarted, ranBefore });
      expect(resultJson).toEqual(goesOn);
      if (ranBefore) expect(executionRecovery).toBeUndefined();
      else if (!jobStarted) expect(executionRecovery).toEqual(proof);
      else expect([undefined, "never ran"]).toContain(executionRecovery && "never ran");
    }
  }
});

test.each([
  ["k8s_image_pull_failed", true],
  ["k8s_pod_unschedulable", true],
  ["k8s_init_container_failed", true],
  ["k8s_pod_evicted", false],
  ["k8s_outcome_unknown", false],
  ["k8s_permission_denied", false],
  ["opencode_failed", false],
  ["timeout", false],
] as const)("with a Job, %s proves that the agent never ran: %s", (code, proved) => {
  const { executionRecovery } = recoveryOf({ kind: "failed", code, jobStarted: true, ranBefore: false });
  expect(executionRecovery).toEqual(proved ? proof : undefined);
});

test.each([
  { confirmed: true, jobStarted: false, proved: true },
  { confirmed: true, jobStarted: true, proved: false },
  { confirmed: false, jobStarted: false, proved: false },
  { confirmed: false, jobStarted: true, proved: false },
])("a stop lets the task go on: $confirmed $jobStarted", ({ proved, ...stop }) => {
  const { executionRecovery, resultJson } = recoveryOf({ kind: "cancelled", ...stop });
  expect(resultJson).toEqual(goesOn);
  expect(executionRecovery).toEqual(proved ? proof : undefined);
});

describe("in a result", () => {
  test("every ending without success lets the conversation go on, and no success says anything of it", () => {
    for (const ending of endings) {
      for (const diagnosis of diagnoses) {
        const result = report(ending, diagnosis, facts());
        if (countsAsSuccess(result)) expect(result.resultJson).not.toHaveProperty("conversationContinuation");
        else expect(result.resultJson).toMatchObject(goesOn);
      }
    }
  });

  test("only a run whose container never ran says that the agent has done nothing", () => {
    const proofOf = (ending: Ending, changes: Partial<RunFacts> = {}) =>
      report(ending, diagnosed("failed"), facts(changes)).executionRecovery;
    const pull: Ending = { kind: "failed", failure: { code: "k8s_image_pull_failed", message: "m" } };
    expect(proofOf(pull)).toEqual({ kind: "bootstrap", providerWorkStarted: false });
    expect(proofOf(pull, { ranBefore: true })).toBeUndefined();
    expect(proofOf({ kind: "exited", exitCode: 1, source: "launcher" })).toBeUndefined();
    expect(proofOf({ kind: "cancelled", gone: true, forced: false })).toBeUndefined();
    expect(proofOf({ kind: "failed", failure: { code: "k8s_pod_evicted", message: "m" } })).toBeUndefined();
  });

  test("after the Job was started a lost right is no proof that nothing was done, before it is", () => {
    const failure = new RunFailure("k8s_permission_denied", "No.");
    expect(reportFailure(failure, early)).toHaveProperty("executionRecovery");
    expect(reportFailure(failure, { ...early, jobStarted: true })).not.toHaveProperty("executionRecovery");
  });

  test("fields that Paperclip reads for a code are in the result", () => {
    const workspaceValidation = { reason: "missing_git_metadata" };
    const failure = new RunFailure("workspace_validation_failed", "No.", { resultJson: { workspaceValidation } });
    expect(reportFailure(failure, early).resultJson).toMatchObject({ workspaceValidation, ...goesOn });
  });
});
