import type { AdapterExecutionContext, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { isApiError, isTransient } from "../cluster/api-error.ts";
import { isRunFailure, RunFailure } from "../failure/failure.ts";
import { waitForTurn } from "../guard/wait-for-turn.ts";
import { UnconfirmedStop } from "../launch/unconfirmed-stop.ts";
import { messageOf } from "../lib/message.ts";
import { createRunLog, type RunLog } from "../run-log/run-log.ts";
import { asCancelled } from "../supervise/ending.ts";
import { isLeaseLost } from "../supervise/lease-lost.ts";
import type { AttemptDeps, Attempted, FreshSessionReason } from "./attempt.ts";
import { readAutomaticRetry } from "./automatic-retry.ts";
import type { Deps } from "./deps.ts";
import { ProgressEvents } from "./progress-events.ts";
import { type RunRequest, readRequest } from "./read-request.ts";
import { type EarlyEnd, type RunFacts, report, reportCancelled, reportFailure } from "./report.ts";
import { runAttempt } from "./run-attempt.ts";

/** One wake of an agent, from Paperclip's call to its result. Never throws: Paperclip holds a task whose adapter throws. */
export async function execute(execution: AdapterExecutionContext, deps: Deps): Promise<AdapterExecutionResult> {
  const signal = execution.signal ?? new AbortController().signal;
  const failed = (error: unknown) => deps.background("write to a run's log", Promise.reject(error));
  const events = new ProgressEvents(execution, {
    failed: (error) => deps.background("tell Paperclip what a run does", Promise.reject(error)),
  });
  const log = createRunLog(execution.onLog, { signal, failed, progress: (progress) => events.tell(progress) });
  const story: Story = { jobsStarted: 0, attempts: 0 };
  try {
    return await run(execution, { deps, log, signal, story });
  } catch (error) {
    return answerFailure(error, { execution, deps, signal, story });
  } finally {
    events.close();
  }
}

/** How far a run came. */
interface Story {
  attempts: number;
  /** Jobs that were started or taken over. */
  jobsStarted: number;
}

async function run(
  execution: AdapterExecutionContext,
  { deps, log, signal, story }: Omit<AttemptDeps, "jobStarted"> & { story: Story },
): Promise<AdapterExecutionResult> {
  await execution.onCancellationReady?.();
  const request = await readRequest(execution, { deps, log, signal });
  deps.background("remove what dead processes left", deps.suspendedJobs.sweep(request.cluster, request.namespace));
  const leave = await waitForTurn(
    { server: request.cluster.server, agentId: execution.agent.id },
    { ...deps, log, signal },
  );
  const jobStarted = () => {
    story.jobsStarted += 1;
  };
  const attemptDeps: AttemptDeps = { deps, log, signal, jobStarted };
  try {
    story.attempts += 1;
    const first = await runAttempt(request, { number: 0, sessionId: request.session?.sessionId }, attemptDeps);
    if (first.leftUnheard && !signal.aborted) return await afterTakeover(first, request, { ...attemptDeps, story });
    const again = await planRetry(first.again, log);
    if (!again || signal.aborted) return toResult(first, signal);
    story.attempts += 1;
    const second = await runAttempt(request, { number: 1, sessionId: undefined, ...again }, attemptDeps);
    return toResult(
      { ...second, facts: { ...second.facts, clearSession: second.facts.sessionParams === null } },
      signal,
    );
  } finally {
    leave();
  }
}

/** The Job that was taken over was made before the comment that woke this run: the agent is told of it by a Job of its own. */
async function afterTakeover(
  { facts }: Attempted,
  request: RunRequest,
  { story, ...attemptDeps }: AttemptDeps & { story: Story },
): Promise<AdapterExecutionResult> {
  const { log, signal } = attemptDeps;
  await log.say("the Job that was taken over has not been told of the newest comment; this run's own Job follows");
  story.attempts += 1;
  const sessionId = facts.transcript.sessionId ?? request.session?.sessionId;
  const own = await runAttempt(request, { number: 0, sessionId }, attemptDeps);
  return toResult({ ...own, facts: withUsageOf(facts, own.facts) }, signal);
}

/** What a Job that was taken over has used belongs to the run that reports it, since nobody else does. */
function withUsageOf({ transcript: { usage, costUsd } }: RunFacts, own: RunFacts): RunFacts {
  const { transcript } = own;
  const sum = {
    inputTokens: transcript.usage.inputTokens + usage.inputTokens,
    outputTokens: transcript.usage.outputTokens + usage.outputTokens,
    cachedInputTokens: transcript.usage.cachedInputTokens + usage.cachedInputTokens,
  };
  const both = { ...transcript, usage: sum, costUsd: transcript.costUsd + costUsd };
  return { ...own, ranBefore: true, transcript: both };
}

/** A cancel that arrives after the run ended still wins: Paperclip already counts the run as cancelled and asks for the proof. */
function toResult({ ending, diagnosis, facts }: Attempted, signal: AbortSignal): AdapterExecutionResult {
  const cancelled = signal.aborted && !isLeaseLost(signal);
  return report(cancelled ? asCancelled(ending) : ending, diagnosis, facts);
}

async function planRetry(again: FreshSessionReason, log: RunLog): Promise<{ discardDatabase: boolean } | undefined> {
  if (!again) return undefined;
  await log.say(
    again.why === "session"
      ? "OpenCode does not have the session; this run starts once more with a fresh one"
      : "OpenCode cannot use the agent's database; it is set aside and this run starts once more with a fresh one",
  );
  return { discardDatabase: again.why === "database" };
}

interface Failed {
  execution: AdapterExecutionContext;
  deps: Deps;
  signal: AbortSignal;
  story: Story;
}

/** The only place where an error becomes a result. */
function answerFailure(error: unknown, { execution, deps, signal, story }: Failed): AdapterExecutionResult {
  const end: EarlyEnd = {
    jobStarted: story.jobsStarted === story.attempts && story.attempts > 0,
    ranBefore: story.attempts > 1,
    automaticRetry: readAutomaticRetry(execution.context),
  };
  if (isLeaseLost(signal)) return reportFailure(detached(end), end);
  if (signal.aborted) {
    return reportCancelled({ confirmed: !(error instanceof UnconfirmedStop), jobStarted: story.jobsStarted > 0 });
  }
  if (isRunFailure(error)) return reportFailure(error, end);
  if (isApiError(error)) return reportFailure(failureOfApi(error), end);
  deps.warn(`run ${execution.runId} ended with an error that the adapter does not know: ${stackOf(error)}`);
  return reportFailure(new RunFailure("k8s_adapter_error", messageOf(error), { cause: error }), end);
}

function detached({ jobStarted }: EarlyEnd): RunFailure {
  const goesOn = jobStarted ? "; its Job goes on" : " before its Job ran";
  return new RunFailure("k8s_run_detached", `Paperclip lost its hold on this run${goesOn}.`);
}

function stackOf(error: unknown): string {
  return (error instanceof Error && error.stack) || messageOf(error);
}

function failureOfApi(error: Error & { kind: string }): RunFailure {
  const code =
    error.kind === "denied" || error.kind === "unauthorized" ? "k8s_permission_denied" : "k8s_connection_failed";
  return new RunFailure(code, error.message, {
    cause: error,
    ...(isTransient(error) ? { family: "transient_upstream" } : {}),
  });
}
