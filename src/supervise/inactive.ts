import { never } from "../lib/until-aborted.ts";
import type { Cause, WatchedRun } from "./watched-run.ts";

/** The agent has printed nothing for `inactivityTimeoutSec` while its log was read. */
export async function inactive({ run, output }: WatchedRun, signal: AbortSignal): Promise<Cause> {
  if (run.inactivityTimeoutSec === 0) return never(signal);
  await output.inactivity.lasts(run.inactivityTimeoutSec * 1000, signal);
  return { kind: "stop", stop: "inactive" };
}
