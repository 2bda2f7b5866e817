import type { Job } from "../cluster/cluster.ts";
import { RunFailure } from "../failure/failure.ts";
import { isFinished } from "../guard/job-state.ts";
import { takeSlot } from "../guard/take-slot.ts";
import { jobName } from "../job/names.ts";
import { launch } from "../launch/launch.ts";
import type { Attempt, AttemptDeps } from "./attempt.ts";
import { limitsOf } from "./limits.ts";
import { planRun } from "./plan-run.ts";
import type { RunRequest } from "./read-request.ts";

/** The run's own Job: taken over where there is one, else created once the agent's slot is free. */
export async function obtainJob(
  request: RunRequest,
  attempt: Attempt,
  { deps, log, signal }: Omit<AttemptDeps, "jobStarted">,
): Promise<Job> {
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
      { cluster, log, limits: limitsOf(settings, deps.limits), reportedUids: deps.reportedUids, signal },
    );
    if (slot.kind === "mine") {
      const state = isFinished(slot.job) ? "has done its work meanwhile" : "runs already";
      const taken = `taking over Job ${slot.job.metadata?.name}, which ${state}; its output follows from the start`;
      log.progress?.({ kind: "state", text: taken });
      await log.say(taken);
      return slot.job;
    }
    execution.onDispatch?.();
    const { reportedUids, background } = deps;
    const launched = await launch(objects, agentId, { cluster, log, signal, reportedUids, background });
    if (launched.kind === "running") {
      const started = `started Job ${launched.job.metadata?.name} in namespace ${namespace}`;
      log.progress?.({ kind: "state", text: started });
      await log.say(started);
      return launched.job;
    }
    await log.say(
      launched.kind === "yielded"
        ? `Job ${launched.to} of the same agent was made at the same moment and goes first`
        : "the Job was deleted from outside before it was started",
    );
    if (launched.kind === "taken-away" && ++takenAway === mostTakenAway) throw deletedBeforeStart(objects.job);
  }
}

/** So many Jobs deleted before their start mean that somebody deletes every one. Another process of Paperclip's does so once at most, and takes the slot. */
const mostTakenAway = 3;

function deletedBeforeStart({ metadata }: Job): RunFailure {
  return new RunFailure("k8s_job_deleted", `Job ${metadata?.name} was deleted from outside before it started.`);
}
