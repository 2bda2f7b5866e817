import { isApiError } from "../cluster/api-error.ts";
import type { Cluster, Job, Pod } from "../cluster/cluster.ts";
import { bounded } from "../lib/bounded.ts";
import type { RunLog } from "../run-log/run-log.ts";
import { eventsOf, explainWait, refusedPod } from "./explain-wait.ts";
import type { StartLimits } from "./limits.ts";
import type { PodFailure, PodVerdict } from "./pod-verdict.ts";
import type { PodView } from "./pod-watcher.ts";
import { podOf, stateVerdict } from "./state-verdict.ts";

/** What became of the wait for a pod: it runs (or already ended), or never will. */
export type Start = { kind: "started"; pod: Pod; atMs: number } | { kind: "failed"; failure: PodFailure };

export interface StartDeps {
  cluster: Pick<Cluster, "list" | "read">;
  view: PodView;
  log: RunLog;
  limits: StartLimits;
}

/** Waits until the agent's container runs. Says once a minute what it waits for, in the cluster's words. */
export async function awaitStart(job: Job, deps: StartDeps, signal: AbortSignal): Promise<Start> {
  return new StartWait(job, deps).run(signal);
}

/** The longest time between two looks at a Job that a queue holds back; its pod's coming is seen at once. */
const heldAskMs = 30_000;

class StartWait {
  readonly #job: Job;
  readonly #deps: StartDeps;
  readonly #beganMs = Date.now();
  /** From when the limit counts: time in a queue that holds the Job back does not. */
  #sinceMs = this.#beganMs;
  #saidAtMs = Date.now();
  #suspectedAtMs: number | undefined;
  #askedAtMs = 0;
  /** A queue may hold a Job for hours: it is asked less and less often. */
  #askEveryMs: number;
  #readAtMs = Date.now();

  constructor(job: Job, deps: StartDeps) {
    this.#job = job;
    this.#deps = deps;
    this.#askEveryMs = deps.limits.noPodMs;
  }

  async run(signal: AbortSignal): Promise<Start> {
    for (;;) {
      const start = await this.#look(signal);
      if (start) return start;
      const tick = bounded(signal, this.#tickMs());
      await this.#deps.view.changed(tick.signal).catch(() => undefined);
      tick.done();
      if (signal.aborted) throw signal.reason;
    }
  }

  #tickMs(): number {
    const { noPodMs, sayEveryMs, suspectMs, watchTrustMs } = this.#deps.limits;
    return Math.max(50, Math.min(noPodMs, sayEveryMs, suspectMs, watchTrustMs));
  }

  async #look(signal: AbortSignal): Promise<Start | undefined> {
    await this.#mistrustWatch(signal);
    const state = this.#deps.view.state();
    const verdict = stateVerdict(state);
    const pod = podOf(state);
    if (!verdict || !pod) return this.#withoutPod(signal);
    if (verdict.kind === "failed") return { kind: "failed", failure: verdict.failure };
    if (verdict.kind === "waiting") return this.#waiting(pod, verdict, signal);
    return { kind: "started", pod, atMs: this.#startedAtMs(verdict) };
  }

  /** Of a Job that is taken over the cluster knows when it started; a start that was seen needs no clock but ours. */
  #startedAtMs(verdict: PodVerdict): number {
    if (!this.#job.status?.active || verdict.kind !== "running") return Date.now();
    const atMs = Date.parse(verdict.startedAt ?? "");
    return Number.isNaN(atMs) ? Date.now() : Math.min(atMs, Date.now());
  }

  /** A watch that died without a word would hide the start. */
  async #mistrustWatch(signal: AbortSignal): Promise<void> {
    const nowMs = Date.now();
    if (nowMs - this.#readAtMs < this.#deps.limits.watchTrustMs) return;
    this.#readAtMs = nowMs;
    await this.#deps.view.refresh(signal);
  }

  /** No pod: a queue holds the Job back, the Job is gone, or the pod is refused, which only the Job's events tell. */
  async #withoutPod(signal: AbortSignal): Promise<Start | undefined> {
    const nowMs = Date.now();
    if (nowMs - this.#beganMs < this.#deps.limits.noPodMs || nowMs - this.#askedAtMs < this.#askEveryMs)
      return undefined;
    this.#askedAtMs = nowMs;
    try {
      const job = await this.#readJob(signal);
      if (!job || job.metadata?.uid !== this.#job.metadata?.uid) return jobDeleted(this.#job);
      const failure = await this.#refusal(signal);
      // A quota or a policy stands; anything else, such as a conflict of two writers, the Job controller tries again.
      const mayPass = failure?.code === "k8s_job_create_failed" && nowMs - this.#beganMs < this.#deps.limits.suspectMs;
      if (failure && !mayPass) return { kind: "failed", failure };
      const held = job.spec?.suspend === true;
      if (held) this.#sinceMs = nowMs;
      this.#askEveryMs = held ? Math.min(this.#askEveryMs * 2, heldAskMs) : this.#deps.limits.noPodMs;
      await this.#sayNowAndThen(held ? "the queue that holds the Job back to admit it" : "the Job to get its pod");
      return held ? undefined : this.#limit("no pod was made for it", "k8s_job_create_failed");
    } catch (error) {
      if (signal.aborted || !isApiError(error)) throw error;
      return undefined;
    }
  }

  /** Without the right to read it, the Job is as it was made. */
  async #readJob(signal: AbortSignal): Promise<Job | undefined> {
    const { namespace = "", name = "" } = this.#job.metadata ?? {};
    return permitted(this.#deps.cluster.read("jobs", { namespace, name }, { signal }), this.#job);
  }

  async #refusal(signal: AbortSignal): Promise<PodFailure | undefined> {
    const { namespace = "", uid } = this.#job.metadata ?? {};
    const events = await permitted(eventsOf(this.#deps.cluster, { namespace, uid }, signal), []);
    const refused = events.findLast(({ reason }) => reason === "FailedCreate");
    return refused && refusedPod(refused.message ?? "");
  }

  async #waiting(
    pod: Pod,
    verdict: Extract<PodVerdict, { kind: "waiting" }>,
    signal: AbortSignal,
  ): Promise<Start | undefined> {
    const nowMs = Date.now();
    if (!verdict.suspect) this.#suspectedAtMs = undefined;
    else this.#suspectedAtMs ??= nowMs;
    const { suspectMs } = this.#deps.limits;
    if (verdict.suspect && this.#suspectedAtMs !== undefined && nowMs - this.#suspectedAtMs >= suspectMs) {
      const failure = await this.#confirmed(pod, signal);
      if (failure) return { kind: "failed", failure };
    }
    if (nowMs - this.#saidAtMs < this.#deps.limits.sayEveryMs && nowMs - this.#sinceMs < this.#deps.limits.pendingMs)
      return undefined;
    const explained = await explainWait(this.#deps.cluster, { pod, why: verdict.why }, signal);
    // Without an answer the pod may long have started: no limit is held against what cannot be seen.
    if (!explained) return undefined;
    await this.#sayNowAndThen(explained.why);
    return this.#limit(explained.why, explained.code);
  }

  /** What is known of the pod may be old, while the API is away: the suspicion must stand in what it answers now. */
  async #confirmed(pod: Pod, signal: AbortSignal): Promise<PodFailure | undefined> {
    const { namespace = "", name = "", uid } = pod.metadata ?? {};
    try {
      const now = await permitted(this.#deps.cluster.read("pods", { namespace, name }, { signal }), pod);
      const verdict = now?.metadata?.uid === uid ? stateVerdict({ kind: "present", pod: now ?? pod }) : undefined;
      if (verdict?.kind === "waiting" && verdict.suspect) return verdict.suspect;
      await this.#deps.view.refresh(signal);
      return undefined;
    } catch (error) {
      if (signal.aborted || !isApiError(error)) throw error;
      return undefined;
    }
  }

  #limit(why: string, code: PodFailure["code"]): Start | undefined {
    const { pendingMs } = this.#deps.limits;
    if (Date.now() - this.#sinceMs < pendingMs) return undefined;
    return {
      kind: "failed",
      failure: {
        code,
        message: `The pod did not start within ${Math.round(pendingMs / 60_000)} minutes; it waited for ${why}`,
      },
    };
  }

  async #sayNowAndThen(why: string): Promise<void> {
    if (Date.now() - this.#saidAtMs < this.#deps.limits.sayEveryMs) return;
    this.#saidAtMs = Date.now();
    const minutes = Math.round((Date.now() - this.#beganMs) / 60_000);
    await this.#deps.log.say(`the run has waited ${minutes} min to start, for ${why}`);
  }
}

function jobDeleted({ metadata }: Job): Start {
  const message = `Job ${metadata?.name} was deleted from outside before it had a pod.`;
  return { kind: "failed", failure: { code: "k8s_job_deleted", message } };
}

/** The answer, or what takes its place where the Role does not allow to ask. */
async function permitted<T, N>(call: Promise<T>, otherwise: N): Promise<T | N> {
  try {
    return await call;
  } catch (error) {
    if (isApiError(error, "denied")) return otherwise;
    throw error;
  }
}
