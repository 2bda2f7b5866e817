import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";

/** Set on Paperclip's Deployment, so by its operator: an agent's settings have no part in it. */
export const restartRecoveryVariable = "OPENCODE_K8S_RESTART_RECOVERY";

/**
 * Lets a task go on after a restart of Paperclip, where its operator wants that.
 *
 * Paperclip 2026.916.1 stops the task of a run that it has lost until a person has looked, unless the run's events name
 * one of its own adapters' types. OpenCode's is named here: what runs in the pod is OpenCode with the same sessions, but
 * it is not that adapter, so nobody gets this without asking. `docs/decisions/0010-restart.md` has the reasons.
 */
export async function nameLocalType(
  { onEvent }: Pick<AdapterExecutionContext, "onEvent">,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  if (env[restartRecoveryVariable]?.trim() !== "continue") return;
  await onEvent?.({
    eventType: "adapter.invoke",
    stream: "system",
    level: "info",
    message: `this run counts as one of opencode_local after a restart, as ${restartRecoveryVariable} says`,
    payload: { adapterType: "opencode_local" },
  });
}
