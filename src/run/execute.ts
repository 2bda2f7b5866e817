import type { AdapterExecutionContext, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { isApiError, isTransient } from "../cluster/api-error.ts";
import { isRunFailure, RunFailure } from "../failure/failure.ts";
import { waitForTurn } from "../guard/wait-for-turn.ts";
import { UnconfirmedStop } from "../launch/unconfirmed-stop.ts";
import { createRunLog, type RunLog } from "../run-log/run-log.ts";
import { asCancelled } from "../supervise/ending.ts";
import { isLeaseLost } from "../supervise/lease-lost.ts";
import type { Attempted, FreshSessionReason } from "./attempt.ts";
import type { Deps } from "./deps.ts";
import { readRequest } from "./read-request.ts";
import { report, reportCancelled, reportFailure } from "./report.ts";
import { runAttempt } from "./run-attempt.ts";

/** One wake of an agent, from Paperclip's call to its result. */
export async function execute(execution: AdapterExecutionContext, deps: Deps): Promise<AdapterExecutionResult> {
  const signal = execution.signal ?? new AbortController().signal;
  const failed = (error: unknown) => deps.background("write to a run's log", Promise.reject(error));
  const log = createRunLog(execution.onLog, { signal, failed });
  return answerFailures(signal, async () => {
    await execution.onCancellationReady?.();
    const request = await readRequest(execution, { deps, log, signal });
    deps.background("remove what dead processes left", deps.suspendedJobs.sweep(request.cluster, request.namespace));
    const leave = await waitForTurn(
      { server: request.cluster.server, agentId: execution.agent.id },
      { ...deps, log, signal },
    );
    try {
      const first = await runAttempt(
        request,
        { number: 0, sessionId: request.session?.sessionId },
        { deps, log, signal },
      );
      const again = await planRetry(first.again, log);
      if (!again || signal.aborted) return toResult(first, signal);
      const second = await runAttempt(request, { number: 1, sessionId: undefined, ...again }, { deps, log, signal });
      return toResult(
        { ...second, facts: { ...second.facts, clearSession: second.facts.sessionParams === null } },
        signal,
      );
    } finally {
      leave();
    }
  });
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

/** The only place where an error becomes a result. Any other error is a bug of this adapter and is rethrown. */
async function answerFailures(
  signal: AbortSignal,
  run: () => Promise<AdapterExecutionResult>,
): Promise<AdapterExecutionResult> {
  try {
    return await run();
  } catch (error) {
    if (isLeaseLost(signal))
      return reportFailure(
        new RunFailure("k8s_run_detached", "Paperclip lost its hold on this run before its Job ran."),
      );
    if (signal.aborted) return reportCancelled({ confirmed: !(error instanceof UnconfirmedStop) });
    if (isRunFailure(error)) return reportFailure(error);
    if (isApiError(error)) return reportFailure(failureOfApi(error));
    throw error;
  }
}

function failureOfApi(error: Error & { kind: string }): RunFailure {
  const code =
    error.kind === "denied" || error.kind === "unauthorized" ? "k8s_permission_denied" : "k8s_connection_failed";
  return new RunFailure(code, error.message, {
    cause: error,
    ...(isTransient(error) ? { family: "transient_upstream" } : {}),
  });
}
