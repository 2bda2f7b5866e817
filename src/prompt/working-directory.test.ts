import { expect, test } from "vitest";
import { resolveWorkingDirectory } from "./working-directory.ts";

const workspace = (cwd: string, source: string) => ({ paperclipWorkspace: { cwd, source } });
const cwd = "/paperclip/c";

test("a task's workspace comes first, before the setting too", () => {
  const context = workspace("/paperclip/w", "project_primary");
  for (const settings of [{}, { cwd }]) {
    expect(resolveWorkingDirectory(context, settings)).toEqual({ cwd: "/paperclip/w", source: "workspace" });
  }
});

test("the setting comes before the agent's home", () => {
  const context = workspace("/paperclip/h", "agent_home");
  expect(resolveWorkingDirectory(context, { cwd })).toEqual({ cwd, source: "setting" });
  expect(resolveWorkingDirectory(context, {})).toEqual({ cwd: "/paperclip/h", source: "agent-home" });
});

test("without a workspace it is the setting, else the shared volume", () => {
  expect(resolveWorkingDirectory({}, { cwd })).toEqual({ cwd, source: "setting" });
  expect(resolveWorkingDirectory(workspace(" ", ""), {})).toEqual({ cwd: "/paperclip", source: "default" });
});
