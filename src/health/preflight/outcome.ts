import type { FailureCode } from "../../failure/failure.ts";
import type { PreflightReport } from "./report.ts";

/**
 * What came of the pod that was to look from inside.
 *
 * - `ended`: its container ran to its end
 * - `failed`: the cluster refused it or ended it; `report` is what it could tell before
 * - `waiting`: it did not start in the time there was
 * - `late`: it started and was not done in that time
 */
export type PreflightOutcome =
  | { kind: "ended"; exitCode: number; outOfMemory: boolean; report: PreflightReport; said: readonly string[] }
  | { kind: "failed"; code: FailureCode; message: string; report: PreflightReport }
  | { kind: "waiting"; why: string; waitedMs: number }
  | { kind: "late"; report: PreflightReport; waitedMs: number };

/** What the findings name. */
export interface PreflightFacts {
  model: string;
  image: string;
  /** As agents get it, but for a login in it. */
  apiUrl: string;
  /** The agent has a database claim of its own, which the pod is made without. */
  withoutClaim: boolean;
}
