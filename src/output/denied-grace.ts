import { ApiError, isApiError } from "../cluster/api-error.ts";
import { RunFailure } from "../failure/failure.ts";
import { Grace } from "../lib/grace.ts";

/** Refusals further apart than this have nothing to do with each other: a refused call is repeated within seconds. */
const unrelatedMs = 60_000;

/** Reading a run's pod: what is refused for long was taken away, and ends the run. */
export class DeniedGrace {
  readonly #what: string;
  readonly #grace: Grace;

  /** `what` of the pod is to be read: "log", "state". */
  constructor(what: string, limitMs: number) {
    this.#what = what;
    this.#grace = new Grace(limitMs, { unrelatedMs });
  }

  /** Throws a refusal as `ApiError` of kind "unavailable", which passes, and as `RunFailure` once it has lasted too long. */
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
    this.#grace.noteSuccess();
  }

  /** Throws `RunFailure` when that has lasted too long. */
  refused(why: string, cause?: unknown): void {
    if (!this.#grace.noteRefusal()) return;
    const text = `Paperclip may no longer read the ${this.#what} of the run's pod, so the run cannot be followed and is ended: ${why}.`;
    throw new RunFailure("k8s_permission_denied", text, { cause });
  }
}
