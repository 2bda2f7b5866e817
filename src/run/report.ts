import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { describeFailure, type FailureCode, type RunFailure } from "../failure/failure.ts";
import { headOfBytes } from "../lib/cut-text.ts";
import type { FailureFamily } from "../lib/failure-family.ts";
import { sentence } from "../lib/sentence.ts";
import { storable } from "../lib/storable-text.ts";
import { visibleLine, visibleText } from "../lib/visible-text.ts";
import type { Diagnosis } from "../opencode/diagnosis.ts";
import type { Transcript } from "../opencode/transcript.ts";
import type { Ending } from "../supervise/ending.ts";
import { answerOf, failureNotice, summaryOf } from "./final-response.ts";
import { recoveryOf, type Unsuccessful } from "./recovery.ts";

/** Everything about a run that its result tells, apart from how it ended. */
export interface RunFacts {
  transcript: Transcript;
  /** The last lines of stderr and of stdout that are no events. */
  lastLines: readonly string[];
  model: string;
  provider: string | null;
  biller: string | null;
  /** What the next run needs to continue, when there is a session to continue. */
  sessionParams: Record<string, unknown> | null;
  clearSession: boolean;
  timeoutSec: number;
  inactivityTimeoutSec: number;
  /** An attempt before this one had a Job whose agent ran. */
  ranBefore: boolean;
  /** Paperclip started this run by itself, for the so many-eth time after a failure; 0: it did not. */
  automaticRetry: number;
}

interface Failing {
  code: FailureCode;
  message: string;
  family?: FailureFamily | undefined;
  retryNotBefore?: string | undefined;
  hint?: string | undefined;
}

/** The one place where a run's result is made. What is not known to be a success is none. */
export function report(ending: Ending, diagnosis: Diagnosis | undefined, facts: RunFacts): AdapterExecutionResult {
  const failing = failingOf(ending, diagnosis, facts);
  const { transcript } = facts;
  const failed = failing && failureFields(failing);
  const recovery = failing && recoveryOf(unsuccessful(ending, failing.code, facts));
  const finalResponse = failed ? failureNotice(failed, facts.automaticRetry) : answerOf(transcript.finalText);
  return storable({
    exitCode: exitCodeOf(ending, failing),
    signal: null,
    timedOut: ending.kind === "timeout" || failing?.code === "timeout",
    ...(failed ?? { errorMessage: null, errorCode: null }),
    ...(recovery?.executionRecovery ? { executionRecovery: recovery.executionRecovery } : {}),
    usage: transcript.usage,
    usageBasis: "per_run",
    costUsd: transcript.costUsd,
    model: facts.model,
    provider: facts.provider,
    biller: facts.biller,
    billingType: "unknown",
    sessionId: sessionIdOf(facts.sessionParams),
    sessionParams: facts.sessionParams,
    sessionDisplayId: sessionIdOf(facts.sessionParams),
    clearSession: facts.clearSession,
    summary: summaryOf(transcript.summary),
    resultJson: {
      ...resultJson(ending, diagnosis, facts),
      ...recovery?.resultJson,
      ...(finalResponse ? { finalResponse } : {}),
    },
  });
}

function unsuccessful(ending: Ending, code: FailureCode, { ranBefore }: RunFacts): Unsuccessful {
  return ending.kind === "cancelled"
    ? { kind: "cancelled", confirmed: ending.gone, jobStarted: true }
    : { kind: "failed", code, jobStarted: true, ranBefore };
}

/** Paperclip counts code 0 without a message as success, and null without a message too (server 2026.916.1). */
function exitCodeOf(ending: Ending, failing: Failing | undefined): number | null {
  if (!failing) return 0;
  if (ending.kind !== "exited") return null;
  return ending.exitCode === 0 ? 1 : ending.exitCode;
}

/** What a run came to that ended before its result could be made of its output. */
export interface EarlyEnd {
  /** The Job of the last attempt was started, or one was taken over. */
  jobStarted: boolean;
  ranBefore: boolean;
  automaticRetry: number;
}

export function reportFailure(failure: RunFailure, end: EarlyEnd): AdapterExecutionResult {
  const { code, message, family, retryNotBefore, hint } = failure;
  const failed = failureFields({ code, message, family, hint, retryNotBefore: retryNotBefore?.toISOString() });
  const { resultJson: continues, ...recovery } = recoveryOf({ kind: "failed", code, ...end });
  const finalResponse = failureNotice(failed, end.automaticRetry);
  return storable({
    exitCode: null,
    signal: null,
    timedOut: code === "timeout",
    ...failed,
    ...recovery,
    resultJson: { ...failure.resultJson, ...continues, ...(finalResponse ? { finalResponse } : {}) },
  });
}

/** Cancelled before its Job ran. Not `confirmed`: the Job was resumed in that moment, and may still be there. */
export function reportCancelled({ confirmed, jobStarted }: { confirmed: boolean; jobStarted: boolean }) {
  const message = confirmed
    ? "The run was cancelled before its Job ran."
    : "The run was cancelled as its Job was started; the cluster has not confirmed that the Job is gone.";
  const { resultJson, ...recovery } = recoveryOf({ kind: "cancelled", confirmed, jobStarted });
  return {
    exitCode: null,
    signal: null,
    timedOut: false,
    ...failureFields({ code: "cancelled", message }),
    ...recovery,
    resultJson: { ...resultJson, ...(confirmed ? { executionCancellation: acknowledgement(false) } : {}) },
  } satisfies AdapterExecutionResult;
}

function failureFields({ code, message, family, retryNotBefore, hint }: Failing) {
  const advice = code === "cancelled" ? "" : (hint ?? describeFailure(code).hint);
  return {
    errorCode: code,
    // Whatever it quotes: an agent's words, the cluster's, a setting. Pages and terminals show it.
    errorMessage: visibleText(sentence(message, advice)),
    ...(family ? { errorFamily: family } : {}),
    ...(retryNotBefore ? { retryNotBefore } : {}),
  };
}

function failingOf(ending: Ending, diagnosis: Diagnosis | undefined, facts: RunFacts): Failing | undefined {
  switch (ending.kind) {
    case "cancelled":
      return {
        code: "cancelled",
        message: ending.gone
          ? "The run was cancelled and its pod has ended."
          : "The run was cancelled; the cluster has not confirmed that its pod has ended.",
      };
    case "timeout":
      return {
        code: "timeout",
        message: `The run took longer than its ${facts.timeoutSec} s and was ended${ending.forced ? " by force" : ""}.${because(diagnosis)}`,
      };
    case "inactive":
      return {
        code: "inactivity_timeout",
        message: `The agent printed nothing for ${facts.inactivityTimeoutSec} s and was ended.${because(diagnosis)}`,
      };
    case "detached":
      return {
        code: "k8s_run_detached",
        message: "Paperclip lost its hold on this run, mostly by a restart; its Job goes on.",
      };
    case "failed":
      return withTable(ending.failure.code, withLastLines(ending.failure.message, facts.lastLines));
    case "exited":
      return exitFailure(ending, diagnosis, facts);
  }
}

/** What kept a run busy or silent until its time was up, where OpenCode's log tells. */
function because(diagnosis: Diagnosis | undefined): string {
  return diagnosis === undefined ? "" : ` ${diagnosis.message}`;
}

/** Without a diagnosis OpenCode did its work, whatever its code: 1.18.33 ends with 1 after an error it recovered from. */
function exitFailure(ending: Exited, diagnosis: Diagnosis | undefined, facts: RunFacts): Failing | undefined {
  if (ending.reason === "OOMKilled") {
    const message = "The agent's container used more memory than its limit and was killed.";
    return withTable("k8s_out_of_memory", withLastLines(message, facts.lastLines));
  }
  if (!diagnosis) return undefined;
  const code = codeOfDiagnosis[diagnosis.kind];
  const { retryAfterMs } = diagnosis;
  return {
    code,
    message: withLastLines(diagnosis.message, facts.lastLines),
    family: diagnosis.family ?? describeFailure(code).family,
    hint: diagnosis.hint,
    ...(retryAfterMs === undefined ? {} : { retryNotBefore: retryTime(retryAfterMs) }),
  };
}

/** A provider may name any number; nobody waits longer than this for one answer of it. */
const longestRetryMs = 7 * 24 * 60 * 60_000;

function retryTime(afterMs: number): string {
  return new Date(Date.now() + Math.min(afterMs, longestRetryMs)).toISOString();
}

type Exited = Extract<Ending, { kind: "exited" }>;

function withTable(code: FailureCode, message: string): Failing {
  return { code, message, family: describeFailure(code).family };
}

/** The last lines that the message does not have already, whatever marks stand before them there or here. */
function withLastLines(message: string, lines: readonly string[]): string {
  const withoutMarks = (line: string) => visibleLine(line.slice(0, 2_000)).replace(/^[^\p{L}\p{N}[{(/]+/u, "");
  const told = visibleLine(message);
  const fresh = [...new Set(lines.map(withoutMarks))].filter(
    (line) => line !== "" && !told.includes(line.slice(0, longestTold)),
  );
  const shown = fresh.slice(-5).map((line) => line.slice(0, longestTold));
  return shown.length === 0 ? message : sentence(message, `Last lines: ${shown.join(" | ")}`);
}

const longestTold = 400;

/** What OpenCode's own failures are called in the result. */
const codeOfDiagnosis: Record<Diagnosis["kind"], FailureCode> = {
  "unknown-session": "opencode_session_unavailable",
  "context-overflow": "opencode_context_overflow",
  "provider-quota": "opencode_provider_quota",
  "provider-auth": "opencode_provider_auth",
  "provider-unavailable": "opencode_provider_unavailable",
  "model-unknown": "opencode_model_unknown",
  "database-unusable": "opencode_database_unusable",
  "database-blocked": "opencode_database_unusable",
  "config-invalid": "opencode_failed",
  "answer-refused": "opencode_failed",
  "permission-rejected": "opencode_failed",
  "program-missing": "k8s_container_start_failed",
  "program-unusable": "k8s_container_start_failed",
  "no-answer": "opencode_no_answer",
  failed: "opencode_failed",
};

function resultJson(
  ending: Ending,
  diagnosis: Diagnosis | undefined,
  { transcript }: RunFacts,
): Record<string, unknown> {
  return {
    ending: ending.kind,
    ...(ending.kind === "exited" ? { exitCode: ending.exitCode } : {}),
    ...(diagnosis ? { diagnosis: diagnosis.kind } : {}),
    steps: transcript.steps,
    toolCalls: transcript.toolCalls,
    ...(transcript.clamped ? { usageClamped: true } : {}),
    ...(transcript.toolErrors.length > 0 ? { toolErrors: transcript.toolErrors.map(shortened) } : {}),
    ...(ending.kind === "cancelled" && ending.gone ? { executionCancellation: acknowledgement(ending.forced) } : {}),
  };
}

/** Twenty of them stay far below what Paperclip reads of a result (see `final-response.ts`). */
function shortened({ tool, message }: Transcript["toolErrors"][number]): Transcript["toolErrors"][number] {
  return { tool: headOfBytes(tool, 100), message: headOfBytes(message, 400) };
}

/** The proof of a stop that Paperclip asks for (server 2026.916.1, heartbeat cancelRun). */
function acknowledgement(forced: boolean): Record<string, unknown> {
  return { state: "acknowledged", acknowledgedAt: new Date().toISOString(), forced };
}

function sessionIdOf(params: Record<string, unknown> | null): string | null {
  return typeof params?.["sessionId"] === "string" ? params["sessionId"] : null;
}
