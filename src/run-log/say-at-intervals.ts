import type { RunLog } from "./run-log.ts";

export interface SayOptions {
  everyMs: number;
  /** How long after the begin of the wait the first line is due; 0: at once. */
  firstAfterMs?: number;
  /** A wait for something else is said this long after the last line, without waiting for the interval. */
  changedAfterMs?: number;
}

/** Says what a run waits for at most once per interval, however often it looks. */
export class SayAtIntervals {
  readonly #log: RunLog;
  readonly #everyMs: number;
  readonly #sinceMs = Date.now();
  readonly #changedAfterMs: number;
  #dueAtMs: number;
  #saidAtMs = Number.NEGATIVE_INFINITY;
  #reason: string | undefined;

  constructor(log: RunLog, { everyMs, firstAfterMs = 0, changedAfterMs = everyMs }: SayOptions) {
    this.#log = log;
    this.#everyMs = everyMs;
    this.#changedAfterMs = changedAfterMs;
    this.#dueAtMs = this.#sinceMs + firstAfterMs;
  }

  /** Notes what is waited for now; true when a line about it is due. */
  isDueFor(reason: string): boolean {
    const nowMs = Date.now();
    const isNew = this.#reason !== undefined && reason !== this.#reason;
    if (isNew) this.#dueAtMs = Math.min(this.#dueAtMs, Math.max(nowMs, this.#saidAtMs + this.#changedAfterMs));
    this.#reason = reason;
    return nowMs >= this.#dueAtMs;
  }

  /** Writes one line if one is due; `text` is given how many minutes the wait has lasted, rounded. */
  async say(text: (minutes: number) => string): Promise<void> {
    const nowMs = Date.now();
    if (nowMs < this.#dueAtMs) return;
    this.#dueAtMs = nowMs + this.#everyMs;
    this.#saidAtMs = nowMs;
    const line = text(Math.round((nowMs - this.#sinceMs) / 60_000));
    this.#log.progress?.({ kind: "state", text: line });
    await this.#log.say(line);
  }
}

/** Says `text` at once and then at each interval, for a wait that looks at nothing meanwhile; the result ends it. */
export function sayUntilStopped(log: RunLog, everyMs: number, text: () => string): () => void {
  const say = () => {
    const line = text();
    log.progress?.({ kind: "state", text: line });
    void log.say(line);
  };
  say();
  const timer = setInterval(say, everyMs);
  return () => clearInterval(timer);
}
