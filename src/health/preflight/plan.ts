import { randomBytes, randomUUID } from "node:crypto";
import { RunFailure } from "../../failure/failure.ts";
import { settleNamespace } from "../../host/settle-namespace.ts";
import { buildRunObjects, type RunObjects, refusalOf } from "../../job/build-job.ts";
import { adapterType, containerName, label } from "../../job/names.ts";
import { ownWorkingDirectory, path } from "../../job/paths.ts";
import { shownUrl } from "../../lib/shown-url.ts";
import { opencodeConfig } from "../../prompt/opencode-config.ts";
import { buildPaperclipEnv, type PaperclipEnv } from "../../prompt/paperclip-env.ts";
import type { RunLog } from "../../run-log/run-log.ts";
import type { CheckContext } from "../check-context.ts";
import type { PreflightFacts } from "./outcome.ts";
import script from "./preflight.sh?raw";

/** A pod as a run of these settings would have it, that only looks around. */
export interface PreflightPlan {
  objects: RunObjects;
  /** Of no agent: it takes no agent's slot. */
  agentId: string;
  nonce: string;
  facts: PreflightFacts;
}

export interface PlanDeps {
  companyId: string;
  processName: string;
  log: RunLog;
}

/** Behind the process that made it: a Job that nobody watches any more ends by itself, pod or none, and is removed. */
const jobDeadlineSec = 120;
const jobTtlSec = 60;

/** Throws `RunFailure` for what would keep a run from being made too. */
export async function planPreflight(
  site: CheckContext,
  { companyId, processName, log }: PlanDeps,
): Promise<PreflightPlan> {
  const { cluster, namespace, env, signal } = site;
  const host = await settleNamespace(site.host, namespace, { cluster, log, signal });
  const settings = withoutTraces(site.settings);
  const runId = randomUUID();
  const agent = { id: `preflight-${runId.slice(0, 8)}`, name: "Test environment" };
  const nonce = randomBytes(9).toString("hex");
  const cwd = ownWorkingDirectory;
  const variables = await buildPaperclipEnv({
    execution: { runId, agent: { ...agent, companyId, adapterType, adapterConfig: {} }, context: {} },
    settings,
    cwd,
    scratchDir: path.scratch,
    sharedHome: host?.sharedVolume ? path.shared : undefined,
    isStrict: settings.isolation === "strict",
  });
  const built = buildRunObjects({
    agent,
    runId,
    companyId,
    attempt: 0,
    namespace,
    suspendedBy: processName,
    settings,
    policy: site.policy,
    host,
    command: ["sh", "-c", script, "preflight", settings.model],
    cwd,
    // What a run gets of the shared volume depends on its task: this pod works in its own folder.
    sharedFolders: settings.isolation === "strict" ? [] : undefined,
    prompt: { kind: "env", parts: [""] },
    env: { plain: variables.plain, secret: variables.secret },
    opencodeConfig: opencodeConfig(settings, {
      mcpServers: variables.mcpServers,
      serverEnv: env,
      registersNewProvider: false,
    }),
    nonce,
    discardDatabase: false,
  });
  if (built.kind !== "built") throw new RunFailure(...refusalOf(built));
  const objects = withDeadline(built.objects);
  return { objects, agentId: agent.id, nonce, facts: factsOf(objects, { settings: site.settings, variables }) };
}

/** The pod is the same; what is kept of a run is not: no database of an agent's, no finished Job. */
function withoutTraces(settings: CheckContext["settings"]): CheckContext["settings"] {
  return {
    ...settings,
    labels: { ...settings.labels, [label.preflight]: "true" },
    agentDbMode: "ephemeral",
    retainJobs: false,
    ttlSecondsAfterFinished: jobTtlSec,
  };
}

/** Of the Job, not of its pod, where a quota may look at it. */
function withDeadline(objects: RunObjects): RunObjects {
  const { job } = objects;
  if (!job.spec) return objects;
  return { ...objects, job: { ...job, spec: { ...job.spec, activeDeadlineSeconds: jobDeadlineSec } } };
}

function factsOf(
  { job }: RunObjects,
  { settings, variables }: { settings: CheckContext["settings"]; variables: PaperclipEnv },
): PreflightFacts {
  const container = job.spec?.template.spec?.containers.find(({ name }) => name === containerName);
  const url = variables.plain["PAPERCLIP_API_URL"] ?? variables.secret["PAPERCLIP_API_URL"] ?? "";
  return {
    model: settings.model,
    image: container?.image ?? "",
    apiUrl: shownUrl(url),
    withoutClaim: settings.agentDbMode === "dedicated_pvc",
  };
}
