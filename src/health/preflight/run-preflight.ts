import type { Cluster, Job } from "../../cluster/cluster.ts";
import { refOf } from "../../cluster/ref-of.ts";
import { RunFailure } from "../../failure/failure.ts";
import { queueLabel } from "../../job/build-job.ts";
import { containerName } from "../../job/names.ts";
import { launch } from "../../launch/launch.ts";
import { removeRun } from "../../launch/remove-job.ts";
import { bounded, TimeUp } from "../../lib/bounded.ts";
import { untilAborted } from "../../lib/until-aborted.ts";
import { explainWait } from "../../pod/explain-wait.ts";
import { podVerdict } from "../../pod/pod-verdict.ts";
import type { PodState } from "../../pod/pod-watcher.ts";
import { podOf } from "../../pod/state-verdict.ts";
import type { RunLog } from "../../run-log/run-log.ts";
import type { Ending } from "../../supervise/ending.ts";
import type { SuperviseLimits } from "../../supervise/limits.ts";
import { type Supervised, supervise } from "../../supervise/supervise.ts";
import type { CheckContext } from "../check-context.ts";
import type { PreflightOutcome } from "./outcome.ts";
import type { PreflightPlan } from "./plan.ts";
import type { PreflightDeps } from "./preflight.ts";
import { type PreflightReport, readPreflightReport } from "./report.ts";

export interface RunDeps extends PreflightDeps {
  log: RunLog;
  /** What the log was told by the launcher, and by us. */
  said: readonly string[];
}

/** The script has nothing to save. */
const graceSec = 1;
/** Reading the events of a pod that does not start. */
const explainMs = 2_000;
/** The removal goes on behind the answer, for as long as it takes. */
const removalMs = 2_000;

/**
 * Makes the Job, follows it to its end or to that of the site's signal, and removes it in every case. Rejects with the
 * signal's reason where that ended before there was a Job, or was not a matter of time; throws `RunFailure` for what the
 * cluster refuses.
 */
export async function runPreflight(plan: PreflightPlan, site: CheckContext, deps: RunDeps): Promise<PreflightOutcome> {
  const { cluster, namespace, signal } = site;
  const startedAtMs = Date.now();
  const job = await launchJob(plan, site, deps);
  const view = deps.podWatcher(cluster, namespace).view(job.metadata?.name ?? "");
  const stop = new AbortController();
  const lines: string[] = [];
  const supervised = follow({ job, nonce: plan.nonce, lines }, { ...site, signal: stop.signal }, deps);
  try {
    const { ending } = await untilAborted(supervised, signal);
    return outcomeOf(ending, { report: readPreflightReport(lines), said: deps.said });
  } catch (error) {
    if (!(signal.reason instanceof TimeUp)) throw error;
    const waitedMs = Date.now() - startedAtMs;
    const why = await whyNotStarted(view.state(), { cluster, job });
    if (why !== undefined) return { kind: "waiting", why, waitedMs };
    return { kind: "late", report: readPreflightReport(lines), waitedMs };
  } finally {
    stop.abort(new Error("the preflight is over"));
    await remove(job, supervised, { cluster, background: deps.background });
    view.close();
  }
}

async function launchJob(
  { objects, agentId }: PreflightPlan,
  { cluster, signal }: CheckContext,
  { log, background }: RunDeps,
): Promise<Job> {
  const launched = await launch(objects, agentId, { cluster, log, signal, background });
  if (launched.kind === "running") return launched.job;
  throw new RunFailure("k8s_job_deleted", "The preflight's Job was deleted from outside before it had a pod.");
}

interface Followed {
  job: Job;
  nonce: string;
  /** What the script prints is put in here. */
  lines: string[];
}

function follow(
  { job, nonce, lines }: Followed,
  { cluster, namespace, signal }: CheckContext,
  { podWatcher, log, limits }: RunDeps,
): Promise<Supervised> {
  const onLine = (line: string) => {
    lines.push(line);
  };
  return supervise(
    { job, nonce, timeoutSec: 0, graceSec, inactivityTimeoutSec: 0, onLine, onStderr: () => {} },
    { cluster, podWatcher: podWatcher(cluster, namespace), log, limits: impatient(limits), signal },
  );
}

/** Somebody waits for the answer: what a run gives time to pass is told at once, and only the bound ends the wait. */
function impatient(limits: SuperviseLimits): SuperviseLimits {
  return {
    ...limits,
    pendingMs: Number.POSITIVE_INFINITY,
    suspectMs: Math.min(limits.suspectMs, 8_000),
    pullMs: Math.min(limits.pullMs, 15_000),
    watchTrustMs: Math.min(limits.watchTrustMs, 5_000),
    drainMs: Math.min(limits.drainMs, 3_000),
    stopMarginMs: Math.min(limits.stopMarginMs, 3_000),
  };
}

function outcomeOf(
  ending: Ending,
  { report, said }: { report: PreflightReport; said: readonly string[] },
): PreflightOutcome {
  switch (ending.kind) {
    case "exited":
      return {
        kind: "ended",
        exitCode: ending.exitCode,
        outOfMemory: ending.reason === "OOMKilled",
        report,
        said,
      };
    case "failed":
      return { kind: "failed", ...ending.failure, report };
    default:
      throw new TypeError(`a preflight cannot end as ${ending.kind}: nobody but itself stops it`);
  }
}

/** In the cluster's words; undefined when the container has started. */
async function whyNotStarted(
  state: PodState,
  { cluster, job }: { cluster: Cluster; job: Job },
): Promise<string | undefined> {
  const pod = podOf(state);
  if (!pod) {
    const queued = queueLabel in (job.metadata?.labels ?? {});
    return queued ? "the queue that keeps its Job suspended to admit it" : "the cluster to make a pod for its Job";
  }
  const verdict = podVerdict(pod, containerName);
  if (verdict.kind !== "waiting") return undefined;
  const bound = bounded(new AbortController().signal, explainMs);
  try {
    return (await explainWait(cluster, { pod, why: verdict.why }, bound.signal))?.why ?? verdict.why;
  } catch (error) {
    if (!bound.timeUp()) throw error;
    return verdict.why;
  } finally {
    bound.done();
  }
}

async function remove(
  job: Job,
  supervised: Promise<Supervised>,
  { cluster, background }: { cluster: Cluster; background: RunDeps["background"] },
): Promise<void> {
  const ref = refOf(job);
  // Stopped or not, and however it ended: what counts is that nothing stays.
  const pod = await supervised.then(
    (ended) => ended.pod,
    () => undefined,
  );
  const removing = removeRun(cluster, ref, { uid: job.metadata?.uid, pod });
  background(`delete Job ${ref.name}`, removing);
  const bound = bounded(new AbortController().signal, removalMs);
  await untilAborted(removing, bound.signal).catch(() => undefined);
  bound.done();
}
