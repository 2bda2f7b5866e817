import { sleep } from "../lib/sleep.ts";
import { untilAborted } from "../lib/until-aborted.ts";

/** What the agent printed during a disconnection arrives within this time after it. */
const catchUpMs = 2_000;

/** Notices an agent that prints nothing. Time without a connection to its log does not count. */
export class Inactivity {
  #lastOutputMs = Date.now();
  #hasPrinted = false;
  #connected = true;
  #reconnectedMs = 0;
  readonly #waiters = new Set<() => void>();

  /** The agent printed something. */
  noteOutput(): void {
    this.#lastOutputMs = Date.now();
    this.#hasPrinted = true;
  }

  /** The container started: silence is counted from now on. */
  noteStart(): void {
    this.#lastOutputMs = Date.now();
  }

  /** Whether the agent has printed anything at all. */
  get hasPrinted(): boolean {
    return this.#hasPrinted;
  }

  setConnected(connected: boolean): void {
    if (connected && !this.#connected) this.#reconnectedMs = Date.now();
    this.#connected = connected;
    if (connected) for (const waiter of this.#waiters) waiter();
  }

  /** Resolves when its log was read and the agent has printed nothing for `limitMs`. */
  async lasts(limitMs: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const untilMs = Math.max(this.#lastOutputMs + limitMs, this.#reconnectedMs + Math.min(limitMs, catchUpMs));
      const leftMs = untilMs - Date.now();
      if (leftMs > 0) await sleep(leftMs, signal);
      else if (this.#connected) return;
      else await this.#reconnected(signal);
    }
  }

  #reconnected(signal: AbortSignal): Promise<void> {
    const reconnected = Promise.withResolvers<void>();
    this.#waiters.add(reconnected.resolve);
    return untilAborted(reconnected.promise, signal).finally(() => this.#waiters.delete(reconnected.resolve));
  }
}
