import type { Diagnosis } from "../opencode/diagnosis.ts";
import type { RunLog } from "../run-log/run-log.ts";
import type { Ending } from "../supervise/ending.ts";
import type { Deps } from "./deps.ts";
import type { RunFacts } from "./report.ts";

/** One try of a run. */
export interface Attempt {
  number: 0 | 1;
  /** Absent: a fresh session. */
  sessionId: string | undefined;
  discardDatabase: boolean;
  nonce: string;
}

export interface AttemptDeps {
  deps: Deps;
  log: RunLog;
  signal: AbortSignal;
  /** Called once the attempt's Job was started, or one was taken over. */
  jobStarted(): void;
}

export interface Attempted {
  ending: Ending;
  diagnosis: Diagnosis | undefined;
  facts: RunFacts;
  /** This try failed for a reason that a fresh session cures. */
  again: FreshSessionReason;
  /** The Job was another run's, and its agent has not been told of the comment that this run was woken by. */
  leftUnheard: boolean;
}

/** Why a run may start once more at once, with a fresh session. */
export type FreshSessionReason = { why: "session" | "database" } | undefined;
