import { expect, test } from "vitest";
import { findWorkspaceFault, type WorkspacePlace } from "./workspace-fault.ts";

const cwd = "/paperclip/w";
const task = { issueId: "i1", paperclipWorkspace: { cwd, source: "project_primary", workspaceId: "w1" } };
const sound: WorkspacePlace = { cwd, source: "workspace", mounted: true, hasGit: true };

test("a workspace that is there is no fault, also where nobody can look", () => {
  expect(findWorkspaceFault(task, sound)).toBeUndefined();
  expect(findWorkspaceFault(task, { ...sound, hasGit: undefined })).toBeUndefined();
});

test.each([
  ["on no volume of the pod", { ...sound, mounted: false, hasGit: undefined }, "missing_effective_cwd"],
  ["missing or empty", { ...sound, hasGit: false }, "missing_git_metadata"],
  ["replaced by the agent's home", { ...sound, source: "agent-home" }, "fallback_agent_home_cwd"],
  ["not given", { ...sound, source: "default" }, "missing_effective_cwd"],
] as const)("a project workspace that is %s is refused, as Paperclip's local adapters do", (_, place, reason) => {
  const fault = findWorkspaceFault(task, place);
  expect(fault).toMatchObject({ reason, validation: { reason, issueId: "i1", resolvedProjectWorkspaceId: "w1" } });
});

test("the task's project and a worktree expect one too", () => {
  const home = { ...sound, source: "agent-home" } as const;
  const workspace = { cwd, source: "agent_home" };
  expect(
    findWorkspaceFault({ issueId: "i", projectWorkspaceId: "w", paperclipWorkspace: workspace }, home),
  ).toBeDefined();
  const worktree = { issueId: "i", paperclipWorkspace: { cwd, strategy: "git_worktree" } };
  expect(findWorkspaceFault(worktree, { ...sound, hasGit: false })).toBeDefined();
});

test("an agent at home, one with a cwd of its own, and a run without a task have nothing to miss", () => {
  const missing = { ...sound, mounted: false, hasGit: false };
  const home = { issueId: "i", paperclipWorkspace: { cwd, source: "agent_home" } };
  expect(findWorkspaceFault(home, { ...missing, source: "agent-home" })).toBeUndefined();
  expect(findWorkspaceFault(task, { ...missing, source: "setting" })).toBeUndefined();
  expect(findWorkspaceFault({ paperclipWorkspace: task.paperclipWorkspace }, missing)).toBeUndefined();
});
