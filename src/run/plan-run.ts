import { RunFailure } from "../failure/failure.ts";
import { buildRunObjects, type RunObjects, refusalOf } from "../job/build-job.ts";
import { path } from "../job/paths.ts";
import { untilAborted } from "../lib/until-aborted.ts";
import { buildRunArgs } from "../opencode/args.ts";
import { assemblePrompt } from "../prompt/assemble-prompt.ts";
import { deliverPrompt } from "../prompt/deliver-prompt.ts";
import { mcpTokens, opencodeConfig } from "../prompt/opencode-config.ts";
import { buildPaperclipEnv, type PaperclipEnv } from "../prompt/paperclip-env.ts";
import type { RunLog } from "../run-log/run-log.ts";
import type { Attempt } from "./attempt.ts";
import type { Deps } from "./deps.ts";
import type { RunRequest } from "./read-request.ts";
import { nameLocalType } from "./restart-recovery.ts";

/** Puts prompt, environment and configuration together and builds the objects; creates nothing. */
export async function planRun(
  request: RunRequest,
  attempt: Attempt,
  { deps, log, signal }: { deps: Deps; log: RunLog; signal: AbortSignal },
): Promise<RunObjects> {
  const { execution, settings, cwd, host, sharedFolders } = request;
  const resumedSession = attempt.sessionId !== undefined;
  const prompt = await assemblePrompt({ execution, settings, resumedSession, cwd, serverEnv: deps.env });
  const delivery = deliverPrompt(prompt.text);
  if (delivery.kind === "too-large") {
    throw new RunFailure(
      "k8s_prompt_too_large",
      `The prompt has ${delivery.bytes} bytes; 16 MiB can be carried into a pod.`,
    );
  }
  const env = await buildPaperclipEnv({
    execution,
    settings,
    cwd,
    scratchDir: path.scratch,
    sharedHome: host?.sharedVolume ? path.shared : undefined,
    isStrict: sharedFolders !== undefined,
  });
  for (const warning of [...prompt.warnings, ...env.warnings]) await log.say(warning);
  const args = buildRunArgs({
    model: settings.model,
    extraArgs: settings.extraArgs,
    ...(settings.variant ? { variant: settings.variant } : {}),
    ...(attempt.sessionId ? { sessionId: attempt.sessionId } : {}),
  });
  // A page without it must not fail the run, and a page that takes it slowly must not delay a stop.
  const shown = showMeta(request, { args, prompt, env })
    .then(() => nameLocalType(execution, deps.env))
    .catch((error: unknown) => deps.background("show on the run's page what the run is asked", Promise.reject(error)));
  await untilAborted(shown, signal);
  const built = buildRunObjects({
    agent: execution.agent,
    runId: execution.runId,
    companyId: execution.agent.companyId,
    taskId: request.taskId,
    sessionId: attempt.sessionId,
    attempt: attempt.number,
    namespace: request.namespace,
    suspendedBy: deps.processName,
    settings,
    policy: request.policy,
    host,
    command: ["opencode", ...args],
    cwd,
    sharedFolders,
    prompt: delivery,
    env: { plain: env.plain, secret: { ...env.secret, ...mcpTokens(env) } },
    opencodeConfig: opencodeConfig(settings, { mcpServers: env.mcpServers, serverEnv: deps.env }),
    nonce: attempt.nonce,
    discardDatabase: attempt.discardDatabase,
  });
  if (built.kind === "built") return built.objects;
  throw new RunFailure(...refusalOf(built));
}

interface ShownMeta {
  args: readonly string[];
  prompt: Awaited<ReturnType<typeof assemblePrompt>>;
  env: PaperclipEnv;
}

/** What the run's page shows. No value of the secret part is given to it, redacted or not. */
async function showMeta(
  { execution, cwd, settings, namespace, host }: RunRequest,
  { args, prompt, env }: ShownMeta,
): Promise<void> {
  if (!execution.onMeta) return;
  const { redactEnvForLogs } = await import("@paperclipai/adapter-utils/server-utils");
  const secrets = Object.fromEntries(Object.keys(env.secret).map((name) => [name, "***REDACTED***"]));
  await execution.onMeta({
    adapterType: "opencode_k8s",
    command: "opencode",
    cwd,
    commandArgs: [...args, `<stdin prompt ${prompt.text.length} chars>`],
    commandNotes: [
      `Runs as a Kubernetes Job in namespace ${namespace}, image ${settings.image ?? host?.image}.`,
      ...prompt.notes,
    ],
    env: { ...redactEnvForLogs(env.plain), ...secrets },
    prompt: prompt.text,
    promptMetrics: prompt.metrics,
    context: withoutTokens(execution.context),
  });
}

/** Two parts of Paperclip's context hold bearer tokens (server 2026.916.1). */
function withoutTokens(context: Record<string, unknown>): Record<string, unknown> {
  const { paperclipRuntimeTools: _tools, paperclipManagedMcp: _mcp, ...rest } = context;
  return rest;
}
