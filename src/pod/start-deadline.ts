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
    return { code, message: `The pod did not start within ${spell(this.#pendingMs)}; it waited for ${why}` };
  }
}

/** Whole minutes as such, all else in seconds, as the setting has it. */
function spell(ms: number): string {
  if (ms >= 60_000 && ms % 60_000 === 0) return ms === 60_000 ? "1 minute" : `${ms / 60_000} minutes`;
  const seconds = Math.ceil(ms / 1_000);
  return seconds === 1 ? "1 second" : `${seconds} seconds`;
}
