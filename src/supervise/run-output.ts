import type { Pod } from "../cluster/cluster.ts";
import { never, untilAborted } from "../lib/until-aborted.ts";
import { carryOutput } from "../output/carry-output.ts";
import type { OutputActivity, OutputEnd } from "../output/output-writer.ts";
import { Inactivity } from "./inactivity.ts";
import { OutputProgress } from "./output-progress.ts";
import type { SuperviseDeps, Supervision } from "./watched-run.ts";

/**
 * The output of one run, from its pod into the run's log. It lives longer than the race of the endings: after the first
 * cause it is drained.
 */
export class RunOutput {
  readonly inactivity = new Inactivity();
  readonly progress = new OutputProgress();
  readonly #life = new AbortController();
  readonly #containerEnded = new AbortController();
  #end: Promise<OutputEnd> | undefined;

  /** Aborted when nobody reads the output any more. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  /** Begins to carry the output of the pod that was started. */
  start(pod: Pod, { nonce, onLine, onStderr }: Supervision, { cluster, log, limits }: SuperviseDeps): void {
    this.inactivity.noteStart();
    const noting = (take: (line: string) => void) => (line: string) => {
      this.inactivity.noteOutput();
      take(line);
    };
    const target = {
      pod,
      nonce,
      onLine: noting(onLine),
      onStderr: noting(onStderr),
      onActivity: (activity: OutputActivity) => {
        this.inactivity.setConnected(activity === "reading");
        this.progress.update(activity);
      },
      stopWaiting: this.#containerEnded.signal,
    };
    const { follow, deniedMs } = limits;
    this.#end = carryOutput(target, { cluster, log, limits: follow, deniedMs }, this.life);
    this.#end.catch(() => undefined);
  }

  /** The end of the output; of a pod that never started there is none. */
  ended(signal: AbortSignal): Promise<OutputEnd> {
    return this.#end === undefined ? never(signal) : untilAborted(this.#end, signal);
  }

  get hasStarted(): boolean {
    return this.#end !== undefined;
  }

  /** The container is known to have ended: a stream that stands still is left, and the log is read to its end. */
  readToEnd(): void {
    this.#containerEnded.abort(new Error("the container has ended and its log stands still"));
  }

  close(): void {
    this.#life.abort(new Error("the run is over"));
  }
}
