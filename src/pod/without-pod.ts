import { isApiError } from "../cluster/api-error.ts";
import type { Job } from "../cluster/cluster.ts";
import { refOf } from "../cluster/ref-of.ts";
import { isWebhookUnreachable } from "../failure/create-failure.ts";
import { eventsOf, refusedPod } from "./explain-wait.ts";
import type { PodFailure } from "./pod-verdict.ts";
import { permitted, type StartWait, sayWaitsFor } from "./start-wait.ts";

/** The longest time between two looks at a Job that a queue keeps suspended; its pod's coming is seen at once. */
const longestAskMs = 30_000;

/** A Job without a pod: its queue keeps it suspended, it is gone, or its pod is refused, which only its events tell. */
export class WithoutPod {
  readonly #wait: StartWait;
  #askedAtMs = 0;
  /** Doubles while a queue keeps the Job suspended, which may take hours. */
  #askEveryMs: number;

  constructor(wait: StartWait) {
    this.#wait = wait;
    this.#askEveryMs = wait.limits.noPodMs;
  }

  /** Asks the API if that is due; resolves to the failure of a Job that will get no pod. */
  async look(signal: AbortSignal): Promise<PodFailure | undefined> {
    const { limits, deadline } = this.#wait;
    const nowMs = Date.now();
    if (nowMs - deadline.beganMs < limits.noPodMs || nowMs - this.#askedAtMs < this.#askEveryMs) return undefined;
    this.#askedAtMs = nowMs;
    try {
      const job = await this.#readJob(signal);
      if (!job || job.metadata?.uid !== this.#wait.job.metadata?.uid) return jobDeleted(this.#wait.job);
      return (await this.#lastingRefusal(signal)) ?? (await this.#waitFor(job));
    } catch (error) {
      if (signal.aborted || !isApiError(error)) throw error;
      return undefined;
    }
  }

  async #waitFor(job: Job): Promise<PodFailure | undefined> {
    const { limits, deadline } = this.#wait;
    if (job.spec?.suspend === true) {
      deadline.restart();
      this.#askEveryMs = Math.min(this.#askEveryMs * 2, longestAskMs);
      await this.#say("the queue that keeps the Job suspended to admit it");
      return undefined;
    }
    this.#askEveryMs = limits.noPodMs;
    await this.#say("the Job to get its pod");
    return deadline.failure("no pod was made for it", "k8s_job_create_failed");
  }

  async #say(why: string): Promise<void> {
    if (this.#wait.waits.isDueFor(why)) await sayWaitsFor(why, this.#wait);
  }

  /** Without the right to read it, the Job is as it was made. */
  #readJob(signal: AbortSignal): Promise<Job | undefined> {
    const { cluster, job } = this.#wait;
    return permitted(cluster.read("jobs", refOf(job), { signal }), job);
  }

  /** A quota or a policy stands. A webhook that cannot be called comes back; anything else, such as a conflict of two writers, the Job controller tries again. */
  async #lastingRefusal(signal: AbortSignal): Promise<PodFailure | undefined> {
    const { cluster, job, limits, deadline } = this.#wait;
    const { namespace } = refOf(job);
    const events = await permitted(eventsOf(cluster, { namespace, uid: job.metadata?.uid }, signal), []);
    const refused = events.findLast(({ reason }) => reason === "FailedCreate");
    const failure = refused && refusedPod(refused.message ?? "");
    const waitedMs = Date.now() - deadline.beganMs;
    const isTriedAgain = failure?.code === "k8s_job_create_failed" && waitedMs < limits.suspectMs;
    const isWebhookAway = isWebhookUnreachable(refused?.message ?? "") && waitedMs < limits.webhookMs;
    return isTriedAgain || isWebhookAway ? undefined : failure;
  }
}

function jobDeleted({ metadata }: Job): PodFailure {
  return { code: "k8s_job_deleted", message: `Job ${metadata?.name} was deleted from outside before it had a pod.` };
}
