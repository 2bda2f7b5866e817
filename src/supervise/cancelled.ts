import { aborted } from "../lib/first-of.ts";
import { isLeaseLost } from "./lease-lost.ts";
import type { Cause, WatchedRun } from "./watched-run.ts";

/** A user's cancel stops the run. A server that lost its hold on the run lets its Job go on. */
export async function cancelled({ deps }: WatchedRun, signal: AbortSignal): Promise<Cause> {
  await aborted(deps.signal, signal);
  return isLeaseLost(deps.signal)
    ? { kind: "over", ending: { kind: "detached" } }
    : { kind: "stop", stop: "cancelled" };
}
