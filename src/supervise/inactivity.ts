import { sleep } from "../lib/sleep.ts";

/** What was printed while nobody could hear it comes within this time. */
const catchUpMs = 2_000;

/** Notices an agent that prints nothing. What cannot be heard is no silence of the agent's. */
export class Inactivity {
  #lastWordMs = Date.now();
  #connected = true;
  #heardAgainMs = 0;
  readonly #waiters = new Set<() => void>();

  /** The agent said something. */
  noteOutput(): void {
    this.#lastWordMs = Date.now();
  }

  setConnected(connected: boolean): void {
    if (connected && !this.#connected) this.#heardAgainMs = Date.now();
    this.#connected = connected;
    if (connected) for (const waiter of this.#waiters) waiter();
  }

  /** Resolves when the agent was listened to and has said nothing for `limitMs`. */
  async lasts(limitMs: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const untilMs = Math.max(this.#lastWordMs + limitMs, this.#heardAgainMs + Math.min(limitMs, catchUpMs));
      const leftMs = untilMs - Date.now();
      if (leftMs > 0) await sleep(leftMs, signal);
      else if (this.#connected) return;
      else await this.#heard(signal);
    }
  }

  #heard(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const end = () => {
        this.#waiters.delete(onHeard);
        signal.removeEventListener("abort", onAbort);
      };
      const onHeard = () => {
        end();
        resolve();
      };
      const onAbort = () => {
        end();
        reject(signal.reason);
      };
      this.#waiters.add(onHeard);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }
}
