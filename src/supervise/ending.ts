import type { Pod } from "../cluster/cluster.ts";
import { hasPodEnded } from "../pod/agent-container.ts";
import type { PodFailure, PodVerdict } from "../pod/pod-verdict.ts";

/**
 * How the run of one Job ended. The first cause wins; the log is drained afterwards.
 *
 * - `exited`: OpenCode came to its end; `source` tells whether its launcher or the container's status said so
 * - `cancelled`, `timeout`, `inactive`: this adapter stopped it; `gone`: the cluster has confirmed that it stopped
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

/** Why the adapter itself stops a run. */
export type Stop = "cancelled" | "timeout" | "inactive";

/** The ending of a run that was cancelled in the moment in which it ended by itself. */
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

/** Failures after which the agent's process may still run. */
const stillMayRun: ReadonlySet<string> = new Set(["k8s_node_lost", "k8s_outcome_unknown"]);

/** Whether nothing of the Job is to be removed: a confirmed stop has removed it, and a detached one goes on. */
export function leavesNothing(ending: Ending): boolean {
  if (ending.kind === "detached") return true;
  return (ending.kind === "cancelled" || ending.kind === "timeout" || ending.kind === "inactive") && ending.gone;
}

/** The Job will show as finished and block no later run; not so where another container of its pod runs on. */
export function endedByItself(ending: Ending, pod: Pod | undefined): boolean {
  if (ending.kind === "exited") return (pod?.spec?.containers.length ?? 1) === 1 || hasPodEnded(pod);
  return ending.kind === "failed" && hasPodEnded(pod);
}

/** The end of a container by its status. */
export function statusEnding(verdict: ExitedVerdict): Ending {
  return { kind: "exited", exitCode: verdict.exitCode, source: "status", ...statusWords(verdict) };
}

/** What kubelet says about the end of a container, such as the reason `OOMKilled`. */
export function statusWords({ reason, message }: ExitedVerdict): { reason?: string; message?: string } {
  return { ...(reason ? { reason } : {}), ...(message ? { message } : {}) };
}

type ExitedVerdict = Extract<PodVerdict, { kind: "exited" }>;
