/**
 * A refusal that may pass counts only once it has lasted: a Role that is written anew, a token in rotation, a webhook
 * whose pod is replaced, an image pull that fails once.
 */
export class Grace {
  readonly #limitMs: number;
  readonly #unrelatedMs: number;
  #refusedSinceMs: number | undefined;
  #lastRefusalMs = 0;

  /** `limitMs`: refusals count after this long. `unrelatedMs`: refusals so far apart have nothing to do with each other. */
  constructor(limitMs: number, { unrelatedMs = Number.POSITIVE_INFINITY }: { unrelatedMs?: number } = {}) {
    this.#limitMs = limitMs;
    this.#unrelatedMs = unrelatedMs;
  }

  /** What was refused works: the next refusal is the first of a new series. */
  noteSuccess(): void {
    this.#refusedSinceMs = undefined;
  }

  /** Notes one refusal; true when refusals have lasted for the whole grace, without a success between them. */
  noteRefusal(): boolean {
    const nowMs = Date.now();
    if (nowMs - this.#lastRefusalMs > this.#unrelatedMs) this.#refusedSinceMs = undefined;
    this.#lastRefusalMs = nowMs;
    this.#refusedSinceMs ??= nowMs;
    return nowMs - this.#refusedSinceMs >= this.#limitMs;
  }
}
