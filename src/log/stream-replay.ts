import type { LogGap } from "./reading.ts";

/**
 * A file that the server sends again from its start within one stream. kubelet does so when the file was rotated twice
 * while it read an older one, and then it has skipped the file between (source: `ReadLogs` opens the newest file for
 * each rotation that it was told of).
 */
export class StreamReplay {
  /** Whether such a replay goes on. Example: the stream `x y x y z`, from the second `x` until the second `y`. */
  #inReplay = false;
  /**
   * What the replay proves once it is complete: a file was skipped before its first line.
   * Example: `a b x y x y z` in one stream; the gap lies between `b` and `x`.
   */
  #replayGap: LogGap | undefined;
  /** The gap said last. Example: the server sends `x y` a third time; the same file was skipped, which is said once. */
  #lastReportedGap: LogGap | undefined;

  get isOn(): boolean {
    return this.#inReplay;
  }

  /** A line handed on before has come again. `skipped`: between it and the line before it. */
  begin(skipped: LogGap | undefined): void {
    this.#replayGap = skipped?.before === this.#lastReportedGap?.before ? undefined : skipped;
    this.#inReplay = true;
  }

  /** The replay has shown all lines handed on of that file; answers the gap to say. */
  complete(): LogGap | undefined {
    this.#inReplay = false;
    this.#lastReportedGap = this.#replayGap ?? this.#lastReportedGap;
    return this.#replayGap;
  }

  /** A new stream has begun. */
  reset(): void {
    this.#inReplay = false;
  }
}
