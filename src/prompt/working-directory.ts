import type { Settings } from "../config/settings.ts";
import type { JsonObject } from "../lib/json-object.ts";
import { sharedHome } from "../lib/well-known-paths.ts";
import { objectAt, textAt } from "./read-context.ts";

export interface WorkingDirectory {
  cwd: string;
  /** `workspace`: of the task; `agent-home`: the agent's own folder; `setting`: the agent's `cwd`. */
  source: "workspace" | "agent-home" | "setting" | "default";
}

/** As Paperclip's local adapters decide: the agent's `cwd` comes before its own folder, but after a task's workspace. */
export function resolveWorkingDirectory(context: JsonObject, settings: Pick<Settings, "cwd">): WorkingDirectory {
  const workspace = objectAt(context, "paperclipWorkspace");
  const workspaceCwd = textAt(workspace, "cwd");
  const isAgentHome = textAt(workspace, "source") === "agent_home";
  if (workspaceCwd !== undefined && !(isAgentHome && settings.cwd !== undefined)) {
    return { cwd: workspaceCwd, source: isAgentHome ? "agent-home" : "workspace" };
  }
  if (settings.cwd !== undefined) return { cwd: settings.cwd, source: "setting" };
  return { cwd: sharedHome, source: "default" };
}
