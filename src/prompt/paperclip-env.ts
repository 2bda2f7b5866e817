import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import type { Settings } from "../config/settings.ts";
import { longestVariableBytes } from "../lib/longest-variable.ts";
import { isLoopback } from "../lib/loopback.ts";
import { type McpServer, readMcpServers } from "./mcp-servers.ts";
import { objectAt, objectsAt, textAt } from "./read-context.ts";
import { relocateServerPaths } from "./server-paths.ts";
import { buildServicesEnv, buildWakeEnv } from "./wake-env.ts";
import { resolveWorkingDirectory } from "./working-directory.ts";

type Helpers = typeof import("@paperclipai/adapter-utils/server-utils");

export interface PaperclipEnvInput {
  execution: Pick<AdapterExecutionContext, "runId" | "agent" | "context" | "authToken" | "runtimeTools" | "runtimeMcp">;
  settings: Pick<Settings, "cwd" | "env">;
  /** Where the agent works, in its pod. */
  cwd: string;
  /** A folder in the pod for scratch files. */
  scratchDir: string;
  /** Where the pod has Paperclip's own volume; absent when it has not, so that the server's paths mean nothing there. */
  sharedHome: string | undefined;
  /** The pod has only parts of that volume: what the server keeps beside them is not there. */
  isStrict?: boolean;
}

export interface PaperclipEnv {
  plain: Record<string, string>;
  /**
   * Keys, tokens, addresses with a login in them, and all of the agent's own `env`: Paperclip has resolved secrets into
   * it, and does not say which.
   */
  secret: Record<string, string>;
  mcpServers: McpServer[];
  /** For the run's log. */
  warnings: string[];
}

/** The variables that Paperclip promises an agent, and the agent's own; Paperclip's come first. */
export async function buildPaperclipEnv(input: PaperclipEnvInput): Promise<PaperclipEnv> {
  const helpers = await import("@paperclipai/adapter-utils/server-utils");
  const { execution, settings } = input;
  const identity = helpers.buildPaperclipEnv(execution.agent);
  const apiUrl = identity["PAPERCLIP_API_URL"] ?? "";
  const tools = helpers.buildRuntimeToolsEnv(execution.runtimeTools);
  const { PAPERCLIP_RUNTIME_TOOLS_TOKEN: toolsToken, ...toolsInTheOpen } = tools;
  const given = fitting({
    ...identity,
    ...toolsInTheOpen,
    PAPERCLIP_RUN_ID: execution.runId,
    ...buildWakeEnv(execution.context),
    ...buildServicesEnv(execution.context),
    ...contextEnv(execution.context, helpers),
    ...workspaceEnv(input, helpers),
  });
  const keys = {
    ...(toolsToken === undefined ? {} : { PAPERCLIP_RUNTIME_TOOLS_TOKEN: toolsToken }),
    ...(execution.authToken === undefined ? {} : { PAPERCLIP_API_KEY: execution.authToken }),
  };
  const { scratchDir } = input;
  const sharedHome = input.isStrict ? undefined : input.sharedHome;
  const own = relocateServerPaths(settings.env, { scratchDir, sharedHome, serverPath: process.env["PATH"] });
  const allowed = allowedOwn(own.env, { ...given.env, ...keys }, helpers);
  const { plain, secret } = byLogins(given.env);
  return {
    plain,
    secret: { ...secret, ...allowed.env, ...keys },
    mcpServers: readMcpServers(execution, apiUrl),
    warnings: [...loopbackWarning(apiUrl), ...given.warnings, ...own.warnings, ...allowed.warnings],
  };
}

function contextEnv(context: Record<string, unknown>, helpers: Helpers): Record<string, string> {
  const workMode = helpers.readPaperclipIssueWorkModeFromContext(context);
  const payload = helpers.stringifyPaperclipWakePayload(context["paperclipWake"]);
  // A long description may be left out: the prompt has it, and so has the API.
  const wake =
    payload !== null && isTooLong("PAPERCLIP_WAKE_PAYLOAD_JSON", payload)
      ? helpers.stringifyPaperclipWakePayload(context["paperclipWake"], { omitIssueDescription: true })
      : payload;
  return {
    ...(workMode ? { PAPERCLIP_ISSUE_WORK_MODE: workMode } : {}),
    ...(wake ? { PAPERCLIP_WAKE_PAYLOAD_JSON: wake } : {}),
  };
}

function workspaceEnv(
  { execution, settings, cwd, sharedHome }: PaperclipEnvInput,
  helpers: Helpers,
): Record<string, string> {
  const { context } = execution;
  const workspace = objectAt(context, "paperclipWorkspace");
  const { source } = resolveWorkingDirectory(context, settings);
  const replaced = source === "setting" && textAt(workspace, "source") === "agent_home";
  const workspaceCwd = replaced ? undefined : textAt(workspace, "cwd");
  const env: Record<string, string> = {};
  helpers.refreshPaperclipWorkspaceEnvForExecution({
    env,
    workspaceCwd: workspaceCwd ?? null,
    workspaceSource: textAt(workspace, "source") ?? null,
    workspaceStrategy: textAt(workspace, "strategy") ?? null,
    workspaceId: textAt(workspace, "workspaceId") ?? null,
    workspaceRepoUrl: textAt(workspace, "repoUrl") ?? null,
    workspaceRepoRef: textAt(workspace, "repoRef") ?? null,
    workspaceBranch: textAt(workspace, "branchName") ?? null,
    workspaceWorktreePath: textAt(workspace, "worktreePath") ?? null,
    workspaceHints: objectsAt(context, "paperclipWorkspaces"),
    agentHome: (sharedHome === undefined ? undefined : textAt(workspace, "agentHome")) ?? null,
    // A workspace on no volume of the pod is as far away as the server's disk: no path in it means anything there.
    executionTargetIsRemote: sharedHome === undefined || (workspaceCwd !== undefined && workspaceCwd !== cwd),
    executionCwd: cwd,
  });
  return env;
}

/** Paperclip's rules for an agent's own variables: never the API key, and nothing that Paperclip has set for the run. */
function allowedOwn(own: Record<string, string>, given: Record<string, string>, helpers: Helpers) {
  const entries = Object.entries(own);
  const isRefused = (name: string) =>
    helpers.isForbiddenConfigEnvKey(name) || (helpers.isPaperclipRuntimeEnvKey(name) && Object.hasOwn(given, name));
  const refused = entries.map(([name]) => name).filter(isRefused);
  return {
    env: Object.fromEntries(entries.filter(([name]) => !isRefused(name))),
    warnings: refused.map((name) => `The agent's env may not set ${name}: Paperclip gives it for each run.`),
  };
}

/** A repository's address may be written as `https://user:token@host/…`, which Paperclip takes and hands on. */
function byLogins(variables: Record<string, string>): Pick<PaperclipEnv, "plain" | "secret"> {
  const entries = Object.entries(variables);
  const hasLogin = ([, value]: [string, string]) => /:\/\/[^/\s"@]+@/.test(value);
  return {
    plain: Object.fromEntries(entries.filter((entry) => !hasLogin(entry))),
    secret: Object.fromEntries(entries.filter(hasLogin)),
  };
}

function isTooLong(name: string, value: string): boolean {
  return Buffer.byteLength(`${name}=${value}`) > longestVariableBytes;
}

function fitting(variables: Record<string, string>): { env: Record<string, string>; warnings: string[] } {
  const tooLong = Object.keys(variables).filter((name) => isTooLong(name, variables[name] ?? ""));
  return {
    env: Object.fromEntries(Object.entries(variables).filter(([name]) => !tooLong.includes(name))),
    warnings: tooLong.map((name) => `${name} is longer than Linux takes and is left out of the agent's environment.`),
  };
}

function loopbackWarning(apiUrl: string): string[] {
  if (!isLoopback(apiUrl)) return [];
  return [
    `PAPERCLIP_API_URL is ${apiUrl}, which is the agent's own pod when it calls it. Set PAPERCLIP_API_URL on Paperclip's Deployment to the address of its Service, such as http://paperclip.paperclip.svc:3100.`,
  ];
}
