import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import { isApiError } from "../cluster/api-error.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { parseSettings } from "../config/parse-settings.ts";
import type { Policy } from "../config/policy/policy.ts";
import type { ReadPolicy } from "../config/policy-reader.ts";
import { codeOfProblems, describeProblems } from "../config/setting-problem.ts";
import type { Settings } from "../config/settings.ts";
import { RunFailure } from "../failure/failure.ts";
import type { Host } from "../host/host.ts";
import { settleNamespace } from "../host/settle-namespace.ts";
import { isMounted } from "../job/mount-paths.ts";
import { containerName } from "../job/names.ts";
import { ownWorkingDirectory, path, savedDatabasePath } from "../job/paths.ts";
import { isWithin, type SharedFolder } from "../job/shared-folders.ts";
import { untilAborted } from "../lib/until-aborted.ts";
import { readSession, type Session } from "../opencode/session.ts";
import { objectAt, textAt } from "../prompt/read-context.ts";
import { resolveWorkingDirectory } from "../prompt/working-directory.ts";
import { findWorkspaceFault } from "../prompt/workspace-fault.ts";
import { retryWhileUnreachable } from "../run-log/retry-while-unreachable.ts";
import type { RunLog } from "../run-log/run-log.ts";
import type { Deps } from "./deps.ts";
import { settleIsolation } from "./settle-isolation.ts";

/** One run, typed and settled: what Paperclip asked for and where it will run. */
export interface RunRequest {
  execution: AdapterExecutionContext;
  settings: Settings;
  /** The operator's, which the run's pod is held to as well. */
  policy: Policy;
  cluster: Cluster;
  namespace: string;
  /** Absent outside a cluster. */
  host: Host | undefined;
  cwd: string;
  /** What of the shared volume the pod gets, folder by folder. Absent: all of it. */
  sharedFolders: SharedFolder[] | undefined;
  taskId: string | undefined;
  workspace: Workspace;
  /** The session to go on with, absent for a fresh one. */
  session: Session | undefined;
  /** Whether a session of this run can be continued by the next. */
  keepsSession: boolean;
}

/** What a session remembers of the task's workspace, as Paperclip names it. */
export interface Workspace {
  workspaceId: string | undefined;
  repoUrl: string | undefined;
  repoRef: string | undefined;
}

export interface ReadDeps {
  deps: Pick<Deps, "connect" | "readHost" | "readPolicy" | "env" | "sharedDir">;
  log: RunLog;
  signal: AbortSignal;
}

/** The door: after it nothing is unknown. Throws `RunFailure` for what cannot run, with nothing created. */
export async function readRequest(
  execution: AdapterExecutionContext,
  { deps, log, signal }: ReadDeps,
): Promise<RunRequest> {
  const policy = await readPolicy(deps.readPolicy);
  const settings = readSettings(execution.config, policy);
  const cluster = await untilAborted(deps.connect(settings.kubeconfig), signal);
  const ownHost = await readOwnHost({ cluster, settings }, { deps, log, signal });
  const namespace = settings.namespace ?? ownHost?.namespace ?? cluster.namespace ?? "default";
  const host = await retryWhileUnreachable("look at the namespace", { log, signal }, () =>
    settleNamespace(ownHost, namespace, { cluster, log, signal }),
  );
  const sharedFolders = await settleIsolation({ execution, settings, host }, { deps, log });
  const cwd = await settleWorkingDirectory(
    { execution, settings, host, sharedFolders },
    { log, sharedDir: deps.sharedDir },
  );
  const keepsSession = keepsDatabase({ settings, host, sharedFolders }, execution.agent.id);
  const session = await settleSession({ execution, cwd, keepsSession }, log);
  const taskId = textAt(execution.context, "taskId", "issueId");
  const workspace = readWorkspace(execution.context);
  return {
    execution,
    settings,
    policy,
    cluster,
    namespace,
    host,
    cwd,
    sharedFolders,
    taskId,
    workspace,
    session,
    keepsSession,
  };
}

/** Whether what a run leaves in its database is there for the next one. */
function keepsDatabase(
  { settings, host, sharedFolders }: Pick<RunRequest, "settings" | "host" | "sharedFolders">,
  agentId: string,
): boolean {
  if (settings.agentDbMode === "dedicated_pvc") return true;
  if (host?.sharedVolume === undefined || host.sharedVolume.readOnly) return false;
  return sharedFolders?.some(({ path }) => path === savedDatabasePath(agentId)) ?? true;
}

async function readPolicy(read: ReadPolicy): Promise<Policy> {
  const reading = await read();
  if (reading.kind === "policy") return reading.policy;
  throw new RunFailure("k8s_policy_invalid", reading.why);
}

function readSettings(config: Record<string, unknown>, policy: Policy): Settings {
  const parsed = parseSettings(config, policy);
  if (parsed.ok) return parsed.settings;
  throw new RunFailure(codeOfProblems(parsed.problems), describeProblems(parsed.problems));
}

async function readOwnHost(
  { cluster, settings }: { cluster: Cluster; settings: Settings },
  { deps, log, signal }: ReadDeps,
): Promise<Host | undefined> {
  const reading = await retryWhileUnreachable("read Paperclip's own pod", { log, signal }, async () => {
    const found = await deps.readHost(cluster, signal);
    if (found.kind === "unreadable" && found.transient) throw found.cause;
    return found;
  });
  if (reading.kind === "in-pod") return reading.host;
  if (reading.kind === "unreadable") {
    const refused = isApiError(reading.cause, "denied", "unauthorized");
    throw new RunFailure(refused ? "k8s_permission_denied" : "k8s_not_in_cluster", reading.why, {
      cause: reading.cause,
      ...(reading.hint === undefined ? {} : { hint: reading.hint }),
    });
  }
  if (!settings.image) {
    throw new RunFailure(
      "k8s_not_in_cluster",
      `${reading.why} So there is no image to inherit, and the image setting is not set.`,
      {
        hint: "Set image to one that has OpenCode in it.",
      },
    );
  }
  await log.say(`${reading.why} Nothing is inherited: no shared volume, no Secrets, no environment.`);
  return undefined;
}

/** A folder that is on no volume of the pod would be made anew in it, empty, if it can be made at all. */
async function settleWorkingDirectory(
  { execution, settings, host, sharedFolders }: Pick<RunRequest, "execution" | "settings" | "host" | "sharedFolders">,
  { log, sharedDir }: { log: RunLog; sharedDir: string },
): Promise<string> {
  const { cwd, source } = resolveWorkingDirectory(execution.context, settings);
  const mounted = isMounted(cwd, { settings, host, sharedFolders });
  const onShared = host?.sharedVolume !== undefined && isWithin(cwd, path.shared);
  const hasGit = mounted && onShared ? await hasGitMetadata(join(sharedDir, cwd.slice(path.shared.length))) : undefined;
  const fault = findWorkspaceFault(execution.context, { cwd, source, mounted, hasGit });
  if (fault) {
    const resultJson = { workspaceValidation: fault.validation };
    throw new RunFailure("workspace_validation_failed", fault.message, { resultJson });
  }
  if (mounted) return cwd;
  if (source === "setting" && !(sharedFolders && isWithin(cwd, path.shared))) return cwd;
  if (source === "default") return ownWorkingDirectory;
  const whose = { workspace: "the task's workspace", "agent-home": "the agent's folder", setting: "the cwd setting" }[
    source
  ];
  await log.say(
    `${whose} ${cwd} is on no volume of the agent's pod: this run works in ${ownWorkingDirectory}, which is empty and goes with the pod. Keep workspaces below /paperclip on a ReadWriteMany claim, or mount their volume at the same path with podTemplate, for its container ${containerName}`,
  );
  return ownWorkingDirectory;
}

/** As Paperclip asks (server 2026.916.1): a folder or a file, as a linked worktree has. No link counts. */
async function hasGitMetadata(folder: string): Promise<boolean> {
  return lstat(join(folder, ".git")).then(
    (entry) => entry.isDirectory() || entry.isFile(),
    () => false,
  );
}

async function settleSession(
  { execution, cwd, keepsSession }: { execution: AdapterExecutionContext; cwd: string; keepsSession: boolean },
  log: RunLog,
): Promise<Session | undefined> {
  if (!keepsSession) await log.say("no shared volume keeps this agent's sessions: every run starts a fresh one");
  const session =
    readSession(execution.runtime.sessionParams) ?? readSession({ sessionId: execution.runtime.sessionId });
  if (!session || !keepsSession) return undefined;
  if (session.cwd === undefined || session.cwd === cwd) return session;
  await log.say(
    `session ${session.sessionId} was made in ${session.cwd} and is not continued in ${cwd}; this run starts a fresh one`,
  );
  return undefined;
}

function readWorkspace(context: AdapterExecutionContext["context"]): Workspace {
  const workspace = objectAt(context, "paperclipWorkspace");
  const [workspaceId, repoUrl, repoRef] = ["workspaceId", "repoUrl", "repoRef"].map((key) => textAt(workspace, key));
  return { workspaceId, repoUrl, repoRef };
}
