import type { LogLine } from "./log-line.ts";
import type { LogGap } from "./reading.ts";

/** On a node whose clock is coarse, lines with equal time and text are common: after so many they are believed at once. */
const mostTwins = 3;

/**
 * The line for whose sake a stream was given up, since it could not be there. A stream of the whole file tells: it shows
 * the line again in the same place, or goes on without it.
 */
export class DoubtedLine {
  /**
   * Identity of the line in question; the gap is what its absence proves.
   * Example: the stream shows `15:06:41 b` twice. Either the container printed it twice in one nanosecond, or kubelet
   * opened a file of this one line twice after it skipped a file, whose lines are the gap.
   */
  #doubted: { identity: string; gap?: LogGap } | undefined;
  /** How many lines were believed that a second stream showed again. Example: 1 after two streams with `b`, `b`. */
  #acceptedTwins = 0;

  /** Whether this log has shown so many twins that the next one needs no proof. */
  get believesTwins(): boolean {
    return this.#acceptedTwins >= mostTwins;
  }

  /** Whether a stream before this one showed the line in the same place; if not, it is remembered. */
  isConfirmed(line: LogLine, previous: { after: string } | undefined): boolean {
    const identity = identityOf(line);
    if (this.#doubted?.identity === identity) {
      this.#doubted = undefined;
      this.#acceptedTwins++;
      return true;
    }
    this.#doubted = { identity, ...(previous ? { gap: { ...previous, before: line.timestamp } } : {}) };
    return false;
  }

  /** The next line that a stream of the whole file shows; answers the gap when it is not the doubted one. */
  resolve(line: LogLine): LogGap | undefined {
    if (!this.#doubted || this.#doubted.identity === identityOf(line)) return undefined;
    const { gap } = this.#doubted;
    this.#doubted = undefined;
    return gap;
  }

  /** A replay has shown where the line stands. */
  forget(): void {
    this.#doubted = undefined;
  }
}

function identityOf({ second, nanos, check }: LogLine): string {
  return `${second}.${nanos}.${check}`;
}
