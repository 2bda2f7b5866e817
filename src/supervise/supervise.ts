import { isApiError } from "../cluster/api-error.ts";
import type { Cluster, Job, Pod, Ref } from "../cluster/cluster.ts";
import { bounded } from "../lib/bounded.ts";
import { aborted, firstOf, never } from "../lib/first-of.ts";
import { sleep } from "../lib/sleep.ts";
import { carryOutput } from "../output/carry-output.ts";
import type { OutputActivity, OutputEnd } from "../output/output-writer.ts";
import { awaitStart } from "../pod/await-start.ts";
import type { PodFailure, PodVerdict } from "../pod/pod-verdict.ts";
import type { PodView, PodWatcher } from "../pod/pod-watcher.ts";
import { changedOrRead, disruptionOf, finalVerdict, nameDeletion, podOf, stateVerdict } from "../pod/state-verdict.ts";
import { stopPod } from "../pod/stop-pod.ts";
import type { RunLog } from "../run-log/run-log.ts";
import { type Ending, type Stop, statusEnding } from "./ending.ts";
import { Inactivity } from "./inactivity.ts";
import { isLeaseLost } from "./lease-lost.ts";
import type { SuperviseLimits } from "./limits.ts";
import { OutputProgress } from "./output-progress.ts";

export interface Supervision {
  job: Job;
  nonce: string;
  /** Seconds, 0: none. */
  timeoutSec: number;
  graceSec: number;
  inactivityTimeoutSec: number;
  onLine(line: string): void;
  onStderr(line: string): void;
}

export interface SuperviseDeps {
  cluster: Cluster;
  board: PodWatcher;
  log: RunLog;
  limits: SuperviseLimits;
  /** Cancellation by the user. */
  signal: AbortSignal;
}

export interface Supervised {
  ending: Ending;
  /** The run's pod as last seen, absent when it never had one. */
  pod: Pod | undefined;
}

/** Watches one Job until it has ended in one way or another, carries its output, and stops it where that is due. */
export async function supervise(run: Supervision, deps: SuperviseDeps): Promise<Supervised> {
  const view = deps.board.view(run.job.metadata?.name ?? "");
  try {
    return await new Watch(run, deps, view).run();
  } finally {
    view.close();
  }
}

/** What may come first: an ending of its own, or a reason to stop the run. */
type Cause = { kind: "stop"; stop: Stop } | { kind: "over"; ending: Ending };

class Watch {
  readonly #run: Supervision;
  readonly #deps: SuperviseDeps;
  readonly #view: PodView;
  /** The output lives longer than the race: it is drained after the first cause. */
  readonly #outputLife = new AbortController();
  readonly #inactivity = new Inactivity();
  readonly #progress = new OutputProgress();
  /** Aborted where the log stands still though the container has ended. */
  readonly #leave = new AbortController();
  #toldToEndMs: number | undefined;
  #output: Promise<OutputEnd> | undefined;

  constructor(run: Supervision, deps: SuperviseDeps, view: PodView) {
    this.#run = run;
    this.#deps = deps;
    this.#view = view;
  }

  async run(): Promise<Supervised> {
    try {
      const cause = await firstOf(
        [(signal) => this.#cancellation(signal), (signal) => this.#life(signal)],
        this.#outputLife.signal,
      );
      const ending = cause.kind === "over" ? cause.ending : await this.#stop(cause.stop);
      if (cause.kind === "over" && ending.kind !== "detached")
        await this.#drain(this.#deps.limits.drainMs, this.#deps.signal);
      return { ending, pod: podOf(this.#view.state()) };
    } finally {
      this.#outputLife.abort(new Error("the run is over"));
    }
  }

  async #life(signal: AbortSignal): Promise<Cause> {
    const { cluster, log, limits } = this.#deps;
    const start = await awaitStart(this.#run.job, { cluster, view: this.#view, log, limits }, signal);
    if (start.kind === "failed") return over(await this.#failed(start.failure, signal));
    this.#output = this.#carry(start.pod);
    this.#output.catch(() => undefined);
    return firstOf(
      [
        (inner) => this.#outputEnds(inner),
        (inner) => this.#podEnds(inner),
        (inner) => this.#timeout(start.atMs, inner),
        (inner) => this.#inactive(inner),
      ],
      signal,
    );
  }

  #carry(pod: Pod): Promise<OutputEnd> {
    const { cluster, log, limits } = this.#deps;
    const { nonce, onLine, onStderr } = this.#run;
    this.#inactivity.noteOutput();
    const target = {
      pod,
      nonce,
      onLine: (line: string) => {
        this.#inactivity.noteOutput();
        onLine(line);
      },
      onStderr: (line: string) => {
        this.#inactivity.noteOutput();
        onStderr(line);
      },
      onActivity: (activity: OutputActivity) => {
        this.#inactivity.setConnected(activity === "reading");
        this.#progress.update(activity);
      },
      leave: this.#leave.signal,
    };
    const { follow, deniedMs } = limits;
    return carryOutput(target, { cluster, log, limits: follow, deniedMs }, this.#outputLife.signal);
  }

  async #cancellation(signal: AbortSignal): Promise<Cause> {
    await aborted(this.#deps.signal, signal);
    return isLeaseLost(this.#deps.signal) ? over({ kind: "detached" }) : { kind: "stop", stop: "cancelled" };
  }

  async #timeout(fromMs: number, signal: AbortSignal): Promise<Cause> {
    if (this.#run.timeoutSec === 0) return never(signal);
    await sleep(fromMs + this.#run.timeoutSec * 1000 - Date.now(), signal);
    return { kind: "stop", stop: "timeout" };
  }

  async #inactive(signal: AbortSignal): Promise<Cause> {
    if (this.#run.inactivityTimeoutSec === 0) return never(signal);
    await this.#inactivity.lasts(this.#run.inactivityTimeoutSec * 1000, signal);
    return { kind: "stop", stop: "inactive" };
  }

  /** The end mark is the agent's end. A log that ends without it means the container's status decides. */
  async #outputEnds(signal: AbortSignal): Promise<Cause> {
    const end = await Promise.race([this.#output ?? never<OutputEnd>(signal), never<OutputEnd>(signal)]);
    if (end.kind === "marked") return over(await this.#markedEnding(end.exitCode, signal));
    return over(await this.#unmarkedEnding(end, signal));
  }

  /** An error may be the cluster's doing, which only the container's status tells: it is waited for, a moment. */
  async #markedEnding(exitCode: number, signal: AbortSignal): Promise<Ending> {
    const exited: Ending = { kind: "exited", exitCode, source: "launcher" };
    if (exitCode === 0) return exited;
    const verdict = await this.#verdict(this.#deps.limits.statusMs, signal);
    if (verdict?.kind === "failed") return this.#failed(verdict.failure, signal);
    const disrupted = verdict ? undefined : disruptionOf(this.#view.state());
    if (disrupted) return this.#failed(disrupted, signal);
    if (verdict?.kind !== "exited") return exited;
    const { reason, message } = verdict;
    return { ...exited, ...(reason ? { reason } : {}), ...(message ? { message } : {}) };
  }

  async #unmarkedEnding(end: Extract<OutputEnd, { kind: "unmarked" }>, signal: AbortSignal): Promise<Ending> {
    if (!end.complete) await this.#deps.log.say(`the end of the output may be missing: ${end.why}`);
    const verdict = await this.#verdict(this.#deps.limits.drainMs, signal);
    if (verdict?.kind === "failed") return this.#failed(verdict.failure, signal);
    if (verdict?.kind === "exited") return statusEnding(verdict);
    const message = `The run's output ended (${end.why}) and the cluster does not tell how the container ended.`;
    return { kind: "failed", failure: { code: "k8s_outcome_unknown", message } };
  }

  /** While the API is away nothing can be known: the verdict's time is counted from its answer on. */
  async #verdict(limitMs: number, signal: AbortSignal): Promise<PodVerdict | undefined> {
    for (;;) {
      const known = await finalVerdict(this.#view, limitMs, signal);
      const last = podOf(this.#view.state());
      if (known || !last) return known;
      const ref = { namespace: last.metadata?.namespace ?? "", name: last.metadata?.name ?? "" };
      const found = await this.#asked(this.#deps.cluster.read("pods", ref, { signal }), signal);
      if (!found.answer) continue;
      const pod = found.value?.metadata?.uid === last.metadata?.uid ? found.value : undefined;
      const verdict = stateVerdict(pod ? { kind: "present", pod } : { kind: "deleted", last });
      return verdict?.kind === "exited" || verdict?.kind === "failed" ? verdict : undefined;
    }
  }

  /** A pod that fails, or a finished container whose log does not come to an end by itself. */
  async #podEnds(signal: AbortSignal): Promise<Cause> {
    for (;;) {
      const verdict = stateVerdict(this.#view.state());
      if (verdict?.kind === "failed") return over(await this.#failedEnding(verdict.failure, signal));
      if (verdict?.kind === "exited") {
        const { drainMs, logWriteMs } = this.#deps.limits;
        await this.#progress.stops({ readMs: drainMs / 2, writeMs: logWriteMs }, signal);
        this.#leave.abort(new Error("the container has ended and its log stands still"));
        // The log cannot be read while the API is away: that time is not the log's.
        do await this.#progress.stops({ readMs: drainMs * 3, writeMs: logWriteMs }, signal);
        while (!(await this.#answers(signal)));
        await this.#deps.log.say(
          "the container has ended and its log cannot be read to the end; the last lines may be missing",
        );
        return over(statusEnding(verdict));
      }
      const overdue = await this.#newsOrOverdue(signal);
      if (overdue) return over(await this.#failedEnding(overdue, signal));
    }
  }

  /** Waits for news of the pod. One that was told to end and long should have has nobody who would end it. */
  async #newsOrOverdue(signal: AbortSignal): Promise<PodFailure | undefined> {
    const state = this.#view.state();
    const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = podOf(state)?.metadata ?? {};
    if (deletionTimestamp === undefined) {
      await this.#view.changed(signal);
      return undefined;
    }
    this.#toldToEndMs ??= Date.now();
    const leftMs = this.#toldToEndMs + deletionGracePeriodSeconds * 1000 + this.#deps.limits.overdueMs - Date.now();
    if (leftMs <= 0 && (await this.#answers(signal))) return disruptionOf(state);
    await changedOrRead(this.#view, Math.max(leftMs, 1_000), signal);
    return undefined;
  }

  /** What the log still holds may be the agent's own end, which then came first. */
  async #failedEnding(failure: PodFailure, signal: AbortSignal): Promise<Ending> {
    const end = await this.#drain(this.#deps.limits.drainMs, signal);
    if (signal.aborted) throw signal.reason;
    if (end?.kind === "marked" && end.exitCode === 0) return { kind: "exited", exitCode: 0, source: "launcher" };
    return this.#failed(failure, signal);
  }

  async #failed(failure: PodFailure, signal: AbortSignal): Promise<Ending> {
    if (failure.code !== "k8s_pod_deleted") return { kind: "failed", failure };
    const found = await this.#asked(this.#deps.cluster.read("jobs", this.#jobRef, { signal }), signal);
    return { kind: "failed", failure: found.answer ? nameDeletion(failure, this.#run.job, found.value) : failure };
  }

  async #answers(signal: AbortSignal): Promise<boolean> {
    return (await this.#asked(this.#deps.cluster.read("jobs", this.#jobRef, { signal }), signal)).answer;
  }

  async #asked<T>(call: Promise<T>, signal: AbortSignal): Promise<{ answer: true; value: T } | { answer: false }> {
    try {
      return { answer: true, value: await call };
    } catch (error) {
      if (signal.aborted || !isApiError(error)) throw error;
      return { answer: false };
    }
  }

  get #jobRef(): Ref {
    return { namespace: this.#run.job.metadata?.namespace ?? "", name: this.#run.job.metadata?.name ?? "" };
  }

  /** What is still to come of the log, within a bound; `hurry` ends the wait. */
  async #drain(limitMs: number, hurry: AbortSignal): Promise<OutputEnd | undefined> {
    if (!this.#output) return undefined;
    const bound = bounded(AbortSignal.any([this.#outputLife.signal, hurry]), limitMs);
    const late = never<OutputEnd>(bound.signal).catch(() => undefined);
    return Promise.race([this.#output.catch(() => undefined), late]).finally(bound.done);
  }

  async #stop(kind: Stop): Promise<Ending> {
    const { cluster, limits } = this.#deps;
    const startedAtMs = Date.now();
    const graceMs = Math.min(
      this.#run.graceSec * 1000,
      kind === "cancelled" ? limits.cancelGraceMs : Number.POSITIVE_INFINITY,
    );
    const view = this.#view;
    const result = await stopPod(this.#run.job, { cluster, view }, { graceMs, marginMs: limits.stopMarginMs });
    const leftMs = startedAtMs + graceMs + limits.stopMarginMs - Date.now();
    // Who waits for a stop has a bound of his own: the log may take what is left of ours.
    const drainMs = result.gone ? Math.min(limits.drainMs, Math.max(500, leftMs)) : 100;
    await this.#drain(drainMs, this.#outputLife.signal);
    return { kind, ...result };
  }
}

function over(ending: Ending): Cause {
  return { kind: "over", ending };
}
