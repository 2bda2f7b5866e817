import { never } from "../lib/until-aborted.ts";
import type { Cause, WatchedRun } from "./watched-run.ts";

/**
 * OpenCode has printed nothing since its container started: said after a while, and ended after a long while even
 * without `inactivityTimeoutSec`. A provider that refuses connections makes OpenCode hang so (1.18.33), and an image
 * whose `opencode` waits for a terminal.
 */
export async function silentStart({ deps, output }: WatchedRun, signal: AbortSignal): Promise<Cause> {
  const { limits, log } = deps;
  for (let silentMs = limits.silentSayMs; silentMs < limits.silentStartMs; silentMs += limits.silentSayMs) {
    await output.inactivity.lasts(silentMs, signal);
    if (output.inactivity.hasPrinted) return never(signal);
    await log.say(
      `OpenCode has printed nothing for ${minutes(silentMs)} since its container started: the model's provider may not answer, or may not be reachable from the pod`,
    );
  }
  await output.inactivity.lasts(limits.silentStartMs, signal);
  if (output.inactivity.hasPrinted) return never(signal);
  return { kind: "stop", stop: "inactive" };
}

function minutes(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
