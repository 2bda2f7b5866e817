import { stopPod } from "../pod/stop-pod.ts";
import { drain } from "./drain.ts";
import type { Ending, Stop } from "./ending.ts";
import type { WatchedRun } from "./watched-run.ts";

/** Ends the run's pod and Job, and gives the log what is left of the stop's own bound. */
export async function stopRun(kind: Stop, { run, deps, view, output }: WatchedRun): Promise<Ending> {
  const { cluster, limits } = deps;
  const startedAtMs = Date.now();
  deps.log.progress?.({ kind: "state", text: "stopping the agent's pod" });
  const graceMs = Math.min(run.graceSec * 1000, kind === "cancelled" ? limits.cancelGraceMs : Number.POSITIVE_INFINITY);
  const result = await stopPod(run.job, { cluster, view }, { graceMs, marginMs: limits.stopMarginMs });
  const leftMs = startedAtMs + graceMs + limits.stopMarginMs - Date.now();
  // Whoever waits for a stop has a bound of their own: the log may take what is left of ours.
  const drainMs = result.gone ? Math.min(limits.drainMs, Math.max(500, leftMs)) : 100;
  await drain(output, drainMs, output.life);
  return { kind, ...result };
}
