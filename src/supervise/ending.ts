import type { Pod } from "../cluster/cluster.ts";
import { hasPodEnded } from "../pod/agent-container.ts";
import type { PodFailure, PodVerdict } from "../pod/pod-verdict.ts";

/**
 * How the run of one Job ended. The first cause wins; the log is no cause, it is drained afterwards.
 *
 * - `exited`: OpenCode came to its end; `source` tells whether its launcher or the container's status said so
 * - `cancelled`, `timeout`, `inactive`: this adapter ended it; `gone`: it was seen to have stopped
 * - `detached`: Paperclip lost its hold on the run; its Job goes on and nobody watches it
 * - `failed`: the cluster ended it, or it never began
 */
export type Ending =
  | { kind: "exited"; exitCode: number; source: "launcher" | "status"; reason?: string; message?: string }
  | { kind: "cancelled"; gone: boolean; forced: boolean }
  | { kind: "timeout"; gone: boolean; forced: boolean }
  | { kind: "inactive"; gone: boolean; forced: boolean }
  | { kind: "detached" }
  | { kind: "failed"; failure: PodFailure };

/** What the adapter itself ends a run for. */
export type Stop = "cancelled" | "timeout" | "inactive";

/** A run that ended by itself in the moment in which it was cancelled. */
export function asCancelled(ending: Ending): Ending {
  switch (ending.kind) {
    case "cancelled":
    case "detached":
      return ending;
    case "exited":
      return { kind: "cancelled", gone: true, forced: false };
    case "timeout":
    case "inactive":
      return { ...ending, kind: "cancelled" };
    case "failed":
      return { kind: "cancelled", gone: !stillMayRun.has(ending.failure.code), forced: false };
  }
}

/** Failures that do not say that the agent's process has ended. */
const stillMayRun: ReadonlySet<string> = new Set(["k8s_node_lost", "k8s_outcome_unknown"]);

/** Whether nothing of the Job is to be removed: a stop took it away where the cluster confirmed it; a detached one goes on. */
export function leavesNothing(ending: Ending): boolean {
  if (ending.kind === "detached") return true;
  return (ending.kind === "cancelled" || ending.kind === "timeout" || ending.kind === "inactive") && ending.gone;
}

/** Such a Job comes to stand finished in the cluster and holds nobody up; not where another container runs on. */
export function endedByItself(ending: Ending, pod: Pod | undefined): boolean {
  if (ending.kind === "exited") return (pod?.spec?.containers.length ?? 1) === 1 || hasPodEnded(pod);
  return ending.kind === "failed" && hasPodEnded(pod);
}

/** The end of a container as its status tells it. */
export function statusEnding({ exitCode, reason, message }: Extract<PodVerdict, { kind: "exited" }>): Ending {
  const words = { ...(reason ? { reason } : {}), ...(message ? { message } : {}) };
  return { kind: "exited", exitCode, source: "status", ...words };
}
