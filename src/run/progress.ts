import type { Hearing } from "./output.ts";
import { longSleep } from "./race.ts";

export interface ProgressLimits {
  /** Without a line this long the log stands still. */
  readMs: number;
  /** One call of Paperclip's log that takes this long will not come back. */
  writeMs: number;
}

/** Whether a run's output still moves from the pod into the run's log. */
export class Progress {
  #hearing: Hearing = "listening";
  #movedMs = Date.now();

  /** Told before and after each piece of output that is written. */
  is(hearing: Hearing): void {
    if (hearing !== "interrupted") this.#movedMs = Date.now();
    this.#hearing = hearing;
  }

  /** Resolves when nothing has moved for so long, counted from now on. */
  async stops({ readMs, writeMs }: ProgressLimits, signal: AbortSignal): Promise<void> {
    const beganMs = Date.now();
    for (;;) {
      const limitMs = this.#hearing === "writing" ? writeMs : readMs;
      const leftMs = Math.max(beganMs, this.#movedMs) + limitMs - Date.now();
      if (leftMs <= 0) return;
      await longSleep(Math.min(leftMs, readMs), signal);
    }
  }
}
