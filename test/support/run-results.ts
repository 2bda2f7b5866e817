import { failures } from "../../src/failure/failure.ts";
import type { Diagnosis } from "../../src/opencode/diagnosis.ts";
import { knownFailures } from "../../src/opencode/known-failure.ts";
import { createTranscript } from "../../src/opencode/transcript.ts";
import type { RunFacts, report } from "../../src/run/report.ts";
import type { Ending } from "../../src/supervise/ending.ts";

export function facts(changes: Partial<RunFacts> = {}): RunFacts {
  return {
    transcript: createTranscript().view(),
    lastLines: [],
    model: "anthropic/claude-sonnet-4-5",
    provider: "anthropic",
    biller: "anthropic",
    sessionParams: { sessionId: "ses_1", cwd: "/paperclip" },
    clearSession: false,
    timeoutSec: 600,
    inactivityTimeoutSec: 60,
    ranBefore: false,
    automaticRetry: 0,
    ...changes,
  };
}

/** Before any Job was started. */
export const early = { jobStarted: false, ranBefore: false, automaticRetry: 0 };

export const diagnosed = (kind: Diagnosis["kind"], more: Partial<Diagnosis> = {}): Diagnosis => ({
  kind,
  message: `OpenCode said something about ${kind}.`,
  ...more,
});

export const exitCodes = [0, 1, 2, 126, 127, 130, 137, 139, 143, 255];
const stops = [true, false].flatMap((gone) => [true, false].map((forced) => ({ gone, forced })));
export const endings: Ending[] = [
  ...exitCodes.flatMap((exitCode): Ending[] => [
    { kind: "exited", exitCode, source: "launcher" },
    { kind: "exited", exitCode, source: "status", reason: exitCode === 0 ? "Completed" : "Error" },
    { kind: "exited", exitCode, source: "status", reason: "OOMKilled" },
  ]),
  ...stops.flatMap((stop): Ending[] => [
    { kind: "cancelled", ...stop },
    { kind: "timeout", ...stop },
    { kind: "inactive", ...stop },
  ]),
  ...failures.map(({ code }): Ending => ({ kind: "failed", failure: { code, message: `About ${code}.` } })),
];
const kinds = [...new Set(knownFailures.map(({ kind }) => kind))];
export const diagnoses = [undefined, ...kinds.map((kind) => diagnosed(kind))];

/** As Paperclip judges (server 2026.916.1): code 0, or none, without a message. */
export function countsAsSuccess(result: ReturnType<typeof report>): boolean {
  return (result.exitCode ?? 0) === 0 && !result.errorMessage && !result.timedOut;
}
