import { randomBytes } from "node:crypto";
import type { Job } from "../cluster/cluster.ts";
import { refOf } from "../cluster/ref-of.ts";
import { annotation, label, labelValue } from "../job/names.ts";
import { endContainer } from "../launch/end-container.ts";
import { removeJob, removeRun } from "../launch/remove-job.ts";
import { describeTool } from "../opencode/describe-tool.ts";
import { isLogLine } from "../opencode/stderr.ts";
import { createTranscript } from "../opencode/transcript.ts";
import { hasAgentEnded } from "../pod/agent-container.ts";
import { endedByItself, leavesNothing } from "../supervise/ending.ts";
import { isLeaseLost } from "../supervise/lease-lost.ts";
import { type Supervised, supervise } from "../supervise/supervise.ts";
import type { SuperviseDeps, Supervision } from "../supervise/watched-run.ts";
import type { Attempt, AttemptDeps, Attempted } from "./attempt.ts";
import type { Deps } from "./deps.ts";
import { limitsOf } from "./limits.ts";
import { obtainJob } from "./obtain-job.ts";
import type { RunRequest } from "./read-request.ts";
import { summarizeAttempt } from "./summarize-attempt.ts";
import { hasUnheardComment } from "./unheard-comment.ts";

const lastLinesKept = 40;

/** One Job from the agent's free slot to its end: created or taken over, watched, reported, removed. */
export async function runAttempt(
  request: RunRequest,
  given: Pick<Attempt, "number" | "sessionId"> & { discardDatabase?: boolean },
  { deps, log, signal, jobStarted }: AttemptDeps,
): Promise<Attempted> {
  const attempt: Attempt = { discardDatabase: false, ...given, nonce: randomBytes(9).toString("hex") };
  const job = await obtainJob(request, attempt, { deps, log, signal });
  jobStarted();
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
        const event = transcript.add(line);
        if (!event) keepLast(lastLines, line);
        else if (event.kind === "tool") log.progress?.({ kind: "tool", text: describeTool(event) });
      },
      onStderr: (line) => {
        // OpenCode's own log has stack traces and, for a failed query, what the user wrote.
        if (!isLogLine(line)) keepLast(lastLines, line);
        keepLast(stderrTail, line);
      },
    },
    {
      cluster: request.cluster,
      podWatcher: deps.podWatcher(request.cluster, request.namespace),
      log,
      limits: limitsOf(request.settings, deps.limits),
      signal,
    },
    deps,
  );
  removeLater(request, { job, supervised }, deps);
  const said = transcript.view();
  if (said.clamped) {
    await log.say(
      "the tokens or the cost that were printed are negative or more than a run can use; they are counted as far as they can be",
    );
  }
  const output = { supervised, transcript: said, lastLines, stderrTail, deps };
  const leftUnheard = !isOwn(job, request) && hasUnheardComment(request.execution.context, job);
  return { ...(await summarizeAttempt(request, attempt, output)), leftUnheard };
}

function isOwn({ metadata }: Job, { execution }: RunRequest): boolean {
  return metadata?.labels?.[label.run] === labelValue(execution.runId);
}

/** A run that cannot be followed any more is ended with its Job: nobody would collect its result. */
async function superviseJob(run: Supervision, watching: SuperviseDeps, deps: Deps): Promise<Supervised> {
  try {
    return await supervise(run, watching);
  } catch (error) {
    if (isLeaseLost(watching.signal)) throw error;
    const ref = refOf(run.job);
    deps.background(`delete Job ${ref.name}`, removeJob(watching.cluster, ref, { uid: run.job.metadata?.uid }));
    throw error;
  }
}

/** Nobody waits for the removal, since the result is known. It is repeated for long, since a Job that has not ended blocks its agent. */
function removeLater(request: RunRequest, { job, supervised }: { job: Job; supervised: Supervised }, deps: Deps): void {
  const { ending, pod } = supervised;
  const ref = refOf(job);
  const uid = job.metadata?.uid;
  if (ending.kind === "exited") {
    for (const each of [uid, pod?.metadata?.uid]) if (each) deps.reportedUids.add(each);
    if (pod) deps.background(`end pod ${pod.metadata?.name}`, endContainer(pod, hasAgentEnded, request));
  }
  if (leavesNothing(ending) || (request.settings.retainJobs && endedByItself(ending, pod))) return;
  deps.background(`delete Job ${ref.name}`, removeRun(request.cluster, ref, { uid, pod }));
}

function keepLast(lines: string[], line: string): void {
  lines.push(line.slice(0, 2_000));
  if (lines.length > lastLinesKept) lines.shift();
}
