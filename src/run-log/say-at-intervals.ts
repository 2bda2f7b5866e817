import type { RunLog } from "./run-log.ts";

export interface SayOptions {
  everyMs: number;
  /** How long after the begin of the wait the first line is due; 0: at once. */
  firstAfterMs?: number;
}

/** Says what a run waits for at most once per interval, however often it looks. */
export class SayAtIntervals {
  readonly #log: RunLog;
  readonly #everyMs: number;
  readonly #sinceMs = Date.now();
  #dueAtMs: number;

  constructor(log: RunLog, { everyMs, firstAfterMs = 0 }: SayOptions) {
    this.#log = log;
    this.#everyMs = everyMs;
    this.#dueAtMs = this.#sinceMs + firstAfterMs;
  }

  get isDue(): boolean {
    return Date.now() >= this.#dueAtMs;
  }

  /** Writes one line if one is due; `text` is given how many minutes the wait has lasted, rounded. */
  async say(text: (minutes: number) => string): Promise<void> {
    const nowMs = Date.now();
    if (nowMs < this.#dueAtMs) return;
    this.#dueAtMs = nowMs + this.#everyMs;
    await this.#log.say(text(Math.round((nowMs - this.#sinceMs) / 60_000)));
  }
}

/** Says `text` at once and then at each interval, for a wait that looks at nothing meanwhile; the result ends it. */
export function sayUntilStopped(log: RunLog, everyMs: number, text: () => string): () => void {
  const say = () => void log.say(text());
  say();
  const timer = setInterval(say, everyMs);
  return () => clearInterval(timer);
}
