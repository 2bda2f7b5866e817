import { durationWords } from "../lib/duration-words.ts";
import type { StartLimits } from "./limits.ts";
import type { PodFailure } from "./pod-verdict.ts";

/** The time in which a pod must have started. Time in a queue that keeps the Job suspended does not count. */
export class StartDeadline {
  readonly beganMs = Date.now();
  readonly #pendingMs: number;
  #countedFromMs = this.beganMs;

  constructor({ pendingMs }: Pick<StartLimits, "pendingMs">) {
    this.#pendingMs = pendingMs;
  }

  /** The Job is suspended by its queue: the time begins anew. */
  restart(): void {
    this.#countedFromMs = Date.now();
  }

  get isOver(): boolean {
    return Date.now() - this.#countedFromMs >= this.#pendingMs;
  }

  /** The failure of a pod that has not started in time, undefined before; `why` is what it waited for. */
  failure(why: string, code: PodFailure["code"]): PodFailure | undefined {
    if (!this.isOver) return undefined;
    return { code, message: `The pod did not start within ${durationWords(this.#pendingMs)}; it waited for ${why}` };
  }
}
