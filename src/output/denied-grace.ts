import { ApiError, isApiError } from "../cluster/api-error.ts";
import { RunFailure } from "../failure/failure.ts";

/** Refusals so far apart have nothing to do with each other: tries come far more often. */
const unrelatedMs = 60_000;

/** A Role that is written anew and a token in rotation pass; what is refused for long was taken away. */
export class DeniedGrace {
  readonly #what: string;
  readonly #limitMs: number;
  #refusedAtMs: number | undefined;
  #lastMs = 0;

  /** `what` of the pod is to be read. */
  constructor(what: string, limitMs: number) {
    this.#what = what;
    this.#limitMs = limitMs;
  }

  /** Makes a refusal one that passes, until it has lasted too long. */
  async patiently<T>(call: () => Promise<T>): Promise<T> {
    try {
      const result = await call();
      this.granted();
      return result;
    } catch (error) {
      if (!isApiError(error, "denied", "unauthorized")) throw error;
      this.refused(error.message, error);
      throw new ApiError(error.message, { kind: "unavailable", status: error.status, cause: error });
    }
  }

  granted(): void {
    this.#refusedAtMs = undefined;
  }

  /** Throws `RunFailure` when that has lasted too long. */
  refused(why: string, cause?: unknown): void {
    const nowMs = Date.now();
    if (nowMs - this.#lastMs > unrelatedMs) this.#refusedAtMs = undefined;
    this.#lastMs = nowMs;
    this.#refusedAtMs ??= nowMs;
    if (nowMs - this.#refusedAtMs < this.#limitMs) return;
    const text = `Paperclip may no longer read the ${this.#what} of the run's pod, so the run cannot be followed and is ended: ${why}.`;
    throw new RunFailure("k8s_permission_denied", text, { cause });
  }
}
