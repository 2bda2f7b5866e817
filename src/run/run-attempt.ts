import { randomBytes } from "node:crypto";
import type { Job } from "../cluster/cluster.ts";
import { annotation, jobName } from "../job/names.ts";
import { type Diagnosis, diagnose } from "../opencode/diagnosis.ts";
import { parseModelId } from "../opencode/model-id.ts";
import { isLogLine } from "../opencode/stderr.ts";
import type { Transcript } from "../opencode/transcript.ts";
import { createTranscript } from "../opencode/transcript.ts";
import type { Deps } from "./deps.ts";
import { type Ending, endedByItself, leavesNothing } from "./ending.ts";
import type { Again } from "./execute.ts";
import { RunFailure } from "./failure.ts";
import { launch } from "./launch.ts";
import { isLeaseLost } from "./lease.ts";
import { type Attempt, planRun } from "./plan-run.ts";
import type { RunRequest } from "./read-request.ts";
import { removeJob, removeRun } from "./remove-job.ts";
import type { RunFacts } from "./report.ts";
import type { RunLog } from "./run-log.ts";
import { isFinished } from "./slot.ts";
import { type SuperviseDeps, type Supervised, type Supervision, supervise } from "./supervise.ts";
import { takeSlot } from "./take-slot.ts";

export interface AttemptDeps {
  deps: Deps;
  log: RunLog;
  signal: AbortSignal;
}

export interface Attempted {
  ending: Ending;
  diagnosis: Diagnosis | undefined;
  facts: RunFacts;
  /** This try failed for a reason that a fresh session cures. */
  again: Again;
}

const lastLinesKept = 40;

/** One Job from the agent's free slot to its end: created or taken over, watched, told, removed. */
export async function runAttempt(
  request: RunRequest,
  given: Pick<Attempt, "number" | "sessionId"> & { discardDatabase?: boolean },
  { deps, log, signal }: AttemptDeps,
): Promise<Attempted> {
  const attempt: Attempt = { discardDatabase: false, ...given, nonce: randomBytes(9).toString("hex") };
  const job = await obtainJob(request, attempt, { deps, log, signal });
  const transcript = createTranscript();
  const lastLines: string[] = [];
  const stderrTail: string[] = [];
  const supervised = await superviseJob(
    {
      job,
      nonce: job.metadata?.annotations?.[annotation.nonce] ?? attempt.nonce,
      timeoutSec: request.settings.timeoutSec,
      graceSec: request.settings.graceSec,
      inactivityTimeoutSec: request.settings.inactivityTimeoutSec,
      onLine: (line) => {
        if (!transcript.add(line)) keepLast(lastLines, line);
      },
      onStderr: (line) => {
        // OpenCode's own log has stack traces and, for a failed query, what the user wrote.
        if (!isLogLine(line)) keepLast(lastLines, line);
        keepLast(stderrTail, line);
      },
    },
    {
      cluster: request.cluster,
      board: deps.board(request.cluster, request.namespace),
      log,
      limits: deps.limits,
      signal,
    },
    deps,
  );
  removeLater(request, { job, supervised }, deps);
  return judge(request, attempt, { supervised, transcript: transcript.view(), lastLines, stderrTail, deps });
}

/** A run that cannot be followed any more is ended with its Job: nobody would ever collect its result. */
async function superviseJob(run: Supervision, watching: SuperviseDeps, deps: Deps): Promise<Supervised> {
  try {
    return await supervise(run, watching);
  } catch (error) {
    if (isLeaseLost(watching.signal)) throw error;
    const { namespace = "", name = "", uid } = run.job.metadata ?? {};
    deps.background(`delete Job ${name}`, removeJob(watching.cluster, { namespace, name }, { uid }));
    throw error;
  }
}

async function obtainJob(request: RunRequest, attempt: Attempt, { deps, log, signal }: AttemptDeps): Promise<Job> {
  const { execution, cluster, namespace, settings, taskId } = request;
  const agentId = execution.agent.id;
  const objects = await planRun(request, attempt, { deps, log, signal });
  let takenAway = 0;
  for (;;) {
    const slot = await takeSlot(
      {
        namespace,
        agentId,
        ownJobs: [jobName({ agentId, runId: execution.runId, attempt: attempt.number })],
        reattach: settings.reattachOrphanedJobs ? { taskId } : undefined,
      },
      { cluster, log, limits: deps.limits, ended: deps.ended, signal },
    );
    if (slot.kind === "mine") {
      const state = isFinished(slot.job) ? "has done its work meanwhile" : "runs already";
      await log.say(`taking over Job ${slot.job.metadata?.name}, which ${state}; its output follows from the start`);
      return slot.job;
    }
    execution.onDispatch?.();
    const { ended, background } = deps;
    const launched = await launch(objects, agentId, { cluster, log, signal, ended, background });
    if (launched.kind === "running") {
      await log.say(`started Job ${launched.job.metadata?.name} in namespace ${namespace}`);
      return launched.job;
    }
    await log.say(
      launched.kind === "yielded"
        ? `Job ${launched.to} of the same agent was made at the same moment and goes first`
        : "the Job was deleted from outside before it was let go",
    );
    if (launched.kind === "taken-away" && ++takenAway === mostTakenAway) throw deletedBeforeStart(objects.job);
  }
}

/** Somebody deletes whatever is made. Another of Paperclip's processes does so once at most, and takes the slot. */
const mostTakenAway = 3;

function deletedBeforeStart({ metadata }: Job): RunFailure {
  return new RunFailure("k8s_job_deleted", `Job ${metadata?.name} was deleted from outside before it started.`);
}

/** Not waited for: the answer is known. A Job that has not ended holds its agent's slot, so removing it goes on for long. */
function removeLater(request: RunRequest, { job, supervised }: { job: Job; supervised: Supervised }, deps: Deps): void {
  const { ending, pod } = supervised;
  const { namespace = "", name = "", uid } = job.metadata ?? {};
  if (ending.kind === "exited") {
    for (const each of [uid, pod?.metadata?.uid]) if (each) deps.ended.add(each);
  }
  if (leavesNothing(ending) || (request.settings.retainJobs && endedByItself(ending, pod))) return;
  deps.background(`delete Job ${name}`, removeRun(request.cluster, { namespace, name }, { uid, pod }));
}

interface Observed {
  supervised: Supervised;
  transcript: Transcript;
  lastLines: readonly string[];
  stderrTail: readonly string[];
  deps: Deps;
}

async function judge(
  request: RunRequest,
  attempt: Attempt,
  { supervised, transcript, lastLines, stderrTail, deps }: Observed,
): Promise<Attempted> {
  const { ending } = supervised;
  const { settings } = request;
  const diagnosis = diagnosisOf(ending, { transcript, stderrTail });
  const again = attempt.number === 0 ? againFor(diagnosis, { attempt, transcript }) : undefined;
  const overflow = diagnosis?.kind === "context-overflow";
  const provider = parseModelId(settings.model)?.provider ?? null;
  return {
    ending,
    diagnosis,
    again,
    facts: {
      transcript,
      lastLines,
      model: settings.model,
      provider,
      biller: await inferBiller(settings.env, provider, deps),
      sessionParams: overflow ? null : sessionParams(request, attempt, { ending, transcript }),
      clearSession: overflow,
      timeoutSec: settings.timeoutSec,
      inactivityTimeoutSec: settings.inactivityTimeoutSec,
    },
  };
}

function diagnosisOf(
  ending: Ending,
  { transcript, stderrTail }: Pick<Observed, "transcript" | "stderrTail">,
): Diagnosis | undefined {
  if (ending.kind !== "exited") return undefined;
  const diagnosis = diagnose({ exitCode: ending.exitCode, transcript, stderrTail: stderrTail.join("\n") });
  // Code 0 without the launcher's end mark: what looks like silence is output that was lost.
  const lost = ending.source === "status" && ending.exitCode === 0 && diagnosis?.kind === "no-answer";
  return lost ? undefined : diagnosis;
}

/** Only where the model has done nothing yet: work is never done twice in one run. */
function againFor(
  diagnosis: Diagnosis | undefined,
  { attempt, transcript }: { attempt: Attempt; transcript: Transcript },
): Again {
  if (transcript.steps > 0 || transcript.toolCalls > 0) return undefined;
  if (diagnosis?.kind === "unknown-session" && attempt.sessionId) return { why: "session" };
  if (diagnosis?.kind === "database-unusable") return { why: "database" };
  return undefined;
}

/** The session can be continued only if its database was kept: the launcher does that before it says that it is done. */
function sessionParams(
  { execution, cwd, keepsSession, settings, session }: RunRequest,
  attempt: Attempt,
  { ending, transcript }: { ending: Ending; transcript: Transcript },
): Record<string, unknown> | null {
  if (!keepsSession) return null;
  const kept = settings.agentDbMode === "dedicated_pvc" || ending.kind !== "failed";
  const sessionId = kept ? (transcript.sessionId ?? attempt.sessionId) : attempt.sessionId;
  if (!sessionId) return null;
  const workspace = execution.context["paperclipWorkspace"] as Record<string, unknown> | undefined;
  const fields = Object.fromEntries(
    ["workspaceId", "repoUrl", "repoRef"].flatMap((name) => (workspace?.[name] ? [[name, workspace[name]]] : [])),
  );
  return { ...(session?.sessionId === sessionId ? session : {}), sessionId, cwd, ...fields };
}

async function inferBiller(
  env: Readonly<Record<string, string>>,
  provider: string | null,
  deps: Deps,
): Promise<string | null> {
  const { inferOpenAiCompatibleBiller } = await import("@paperclipai/adapter-utils/billing");
  const known = Object.fromEntries(Object.entries({ ...deps.env, ...env }).filter(([, value]) => value !== undefined));
  return inferOpenAiCompatibleBiller(known as Record<string, string>, null) ?? provider;
}

function keepLast(lines: string[], line: string): void {
  lines.push(line.slice(0, 2_000));
  if (lines.length > lastLinesKept) lines.shift();
}
