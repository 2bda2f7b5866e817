import { sleep } from "../lib/sleep.ts";
import type { OutputActivity } from "../output/output-writer.ts";

export interface ProgressLimits {
  /** Without a line this long the log stands still. */
  readMs: number;
  /** One call of Paperclip's log that takes this long will not come back. */
  writeMs: number;
}

/** Whether a run's output still moves from the pod into the run's log. */
export class OutputProgress {
  #activity: OutputActivity = "reading";
  #movedMs = Date.now();

  /** Called before and after each piece of output that is written. */
  update(activity: OutputActivity): void {
    if (activity !== "disconnected") this.#movedMs = Date.now();
    this.#activity = activity;
  }

  /** Resolves when nothing has moved for so long, counted from now on. */
  async stops({ readMs, writeMs }: ProgressLimits, signal: AbortSignal): Promise<void> {
    const beganMs = Date.now();
    for (;;) {
      const limitMs = this.#activity === "writing" ? writeMs : readMs;
      const leftMs = Math.max(beganMs, this.#movedMs) + limitMs - Date.now();
      if (leftMs <= 0) return;
      await sleep(Math.min(leftMs, readMs), signal);
    }
  }
}
