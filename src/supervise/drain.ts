import { bounded } from "../lib/bounded.ts";
import type { OutputEnd } from "../output/output-writer.ts";
import type { RunOutput } from "./run-output.ts";

/** Waits for what is still to come of the log, within a bound; `hurry` ends the wait. Undefined: it did not end in time. */
export async function drain(output: RunOutput, limitMs: number, hurry: AbortSignal): Promise<OutputEnd | undefined> {
  if (!output.hasStarted) return undefined;
  const bound = bounded(AbortSignal.any([output.life, hurry]), limitMs);
  return output
    .ended(bound.signal)
    .catch(() => undefined)
    .finally(bound.done);
}
