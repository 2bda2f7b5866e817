import { sleep } from "../lib/sleep.ts";
import { never } from "../lib/until-aborted.ts";
import type { Cause, WatchedRun } from "./watched-run.ts";

/** The agent's program has run for longer than `timeoutSec`, counted from its start. */
export async function timedOut({ run }: WatchedRun, startedAtMs: number, signal: AbortSignal): Promise<Cause> {
  if (run.timeoutSec === 0) return never(signal);
  await sleep(startedAtMs + run.timeoutSec * 1000 - Date.now(), signal);
  return { kind: "stop", stop: "timeout" };
}
