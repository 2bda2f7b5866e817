import type { JsonObject } from "../lib/json-object.ts";
import { objectAt, textAt } from "./read-context.ts";
import type { WorkingDirectory } from "./working-directory.ts";

/** Why a task may not run where it would: in Paperclip's words (server 2026.916.1, `workspaceValidation.reason`). */
export type WorkspaceReason = "missing_effective_cwd" | "fallback_agent_home_cwd" | "missing_git_metadata";

export interface WorkspaceFault {
  reason: WorkspaceReason;
  message: string;
  /** For `resultJson.workspaceValidation`. */
  validation: Readonly<Record<string, unknown>>;
}

export interface WorkspacePlace extends WorkingDirectory {
  /** The folder is on a volume of the agent's pod. */
  mounted: boolean;
  /** Whether it has a `.git`, as Paperclip's own adapters ask for; undefined where that cannot be looked up. */
  hasGit: boolean | undefined;
}

/**
 * Whether the project workspace that a task belongs to is missing, by the rules of Paperclip's local adapters. A task
 * without one, an agent at home and one with a `cwd` of its own have nothing to miss.
 */
export function findWorkspaceFault(context: JsonObject, place: WorkspacePlace): WorkspaceFault | undefined {
  const workspace = objectAt(context, "paperclipWorkspace");
  const workspaceId = textAt(workspace, "workspaceId") ?? textAt(context, "projectWorkspaceId");
  const issueId = textAt(context, "issueId", "taskId");
  const expected = workspaceId !== undefined || textAt(workspace, "strategy") === "git_worktree";
  if (!expected || issueId === undefined || place.source === "setting") return undefined;
  const found = faultOf(place);
  return (
    found && {
      ...found,
      validation: {
        reason: found.reason,
        adapterType: "opencode_k8s",
        issueId,
        resolvedWorkspaceSource: textAt(workspace, "source") ?? null,
        resolvedProjectWorkspaceId: workspaceId ?? null,
        executionWorkspaceCwd: textAt(workspace, "cwd") ?? null,
      },
    }
  );
}

function faultOf({
  cwd,
  source,
  mounted,
  hasGit,
}: WorkspacePlace): Pick<WorkspaceFault, "reason" | "message"> | undefined {
  if (source === "agent-home") {
    const message = `The task has a project workspace, but Paperclip could not use it and gave the agent's own folder ${cwd} instead.`;
    return { reason: "fallback_agent_home_cwd", message };
  }
  if (source === "default") {
    return {
      reason: "missing_effective_cwd",
      message: "The task has a project workspace, but Paperclip gave no folder.",
    };
  }
  if (!mounted) {
    const message = `The task's workspace ${cwd} is on no volume of the agent's pod, which would work in an empty folder.`;
    return { reason: "missing_effective_cwd", message };
  }
  if (hasGit !== false) return undefined;
  const message = `The task's workspace ${cwd} is not there, or has no .git: it is not the project's working copy.`;
  return { reason: "missing_git_metadata", message };
}
