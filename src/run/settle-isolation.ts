import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import type { Settings } from "../config/settings.ts";
import type { Host } from "../host/host.ts";
import type { SharedFolder } from "../job/shared-folders.ts";
import { objectAt, objectsAt, textAt } from "../prompt/read-context.ts";
import type { RunLog } from "../run-log/run-log.ts";
import { readAvailableSkills } from "../skills/available-skills.ts";
import type { Deps } from "./deps.ts";
import { prepareFolders } from "./prepare-folders.ts";
import { sharedFoldersOf } from "./shared-folders.ts";

export interface IsolationRequest {
  execution: Pick<AdapterExecutionContext, "agent" | "config" | "context">;
  settings: Settings;
  host: Host | undefined;
}

/** Which folders of the shared volume the run's pod gets, made ready; undefined: all of it, or there is none. */
export async function settleIsolation(
  { execution, settings, host }: IsolationRequest,
  { deps, log }: { deps: Pick<Deps, "env" | "sharedDir">; log: RunLog },
): Promise<SharedFolder[] | undefined> {
  const wanted = sharedFoldersOf({
    agentId: execution.agent.id,
    companyId: execution.agent.companyId,
    settings,
    host,
    workFolders: workFoldersOf(execution.context),
    skillFolders: settings.isolation === "strict" ? await skillFoldersOf(execution.config) : [],
    env: deps.env,
  });
  if (!wanted) return undefined;
  const { ready, refused } = await prepareFolders(wanted, deps.sharedDir);
  for (const { path, why } of refused) await log.say(`${path} is not given to the pod (isolation strict): ${why}`);
  const shown = ready.map(({ path, readOnly }) => (readOnly ? `${path} (read-only)` : path)).join(", ");
  await log.say(`isolation strict: of the shared volume the pod gets ${shown || "nothing"}`);
  return ready;
}

/** The task's workspace, its working tree's base, the project's other workspaces and the agent's own folder. */
function workFoldersOf(context: Readonly<Record<string, unknown>>): string[] {
  const workspace = objectAt(context, "paperclipWorkspace");
  const others = objectsAt(context, "paperclipWorkspaces").map((hint) => textAt(hint, "cwd"));
  const named = [
    textAt(workspace, "cwd"),
    textAt(workspace, "worktreePath"),
    textAt(workspace, "agentHome"),
    ...others,
  ];
  return named.filter((folder) => folder !== undefined);
}

async function skillFoldersOf(config: Readonly<Record<string, unknown>>): Promise<string[]> {
  const { entries, desired } = await readAvailableSkills(config);
  return entries.filter(({ key }) => desired.includes(key)).map(({ source }) => source);
}
