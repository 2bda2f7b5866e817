import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import type { Progress } from "../run-log/run-log.ts";

/** Paperclip's page cuts the status of a task after so many characters (2026.916.1). */
const longest = 180;

export interface ProgressLimits {
  /** The time between two events of one kind; what comes meanwhile is replaced by what comes later. */
  everyMs: Readonly<Record<Progress["kind"], number>>;
  /** The same once a run has had `manyTools` events of tools: each of them is a row and a lock in Paperclip's database. */
  manyTools: number;
  laterMs: number;
  /** An event that Paperclip has not taken by then counts as lost, and no further one is sent before. */
  sendMs: number;
}

export const defaultProgressLimits: ProgressLimits = {
  everyMs: { state: 2_000, tool: 10_000 },
  manyTools: 100,
  laterMs: 60_000,
  sendMs: 5_000,
};

interface Deps {
  limits?: ProgressLimits;
  /** Called with the first error; no error ends a run. */
  failed(error: unknown): void;
}

type Sinks = Pick<AdapterExecutionContext, "onEvent" | "onRuntimeProgress">;

/**
 * Tells the task's page what a run does: what it waits for, that its Job has started, and the tools it has used. Never
 * waited for, and bounded: what is not taken in time is dropped.
 */
export class ProgressEvents {
  readonly #sinks: Sinks;
  readonly #limits: ProgressLimits;
  readonly #failed: Deps["failed"];
  readonly #channels = new Map<Progress["kind"], Channel>();
  #hasFailed = false;

  constructor(sinks: Sinks, { limits = defaultProgressLimits, failed }: Deps) {
    this.#sinks = sinks;
    this.#limits = limits;
    this.#failed = failed;
  }

  tell(progress: Progress): void {
    const { kind } = progress;
    const channel = this.#channels.get(kind) ?? this.#open(kind);
    this.#channels.set(kind, channel);
    channel.offer(lineOf(progress.text));
  }

  /** Nothing is sent after this. */
  close(): void {
    for (const channel of this.#channels.values()) channel.close();
  }

  #open(kind: Progress["kind"]): Channel {
    const { everyMs, manyTools, laterMs, sendMs } = this.#limits;
    const pauseMs = (sent: number) => (kind === "tool" && sent >= manyTools ? laterMs : everyMs[kind]);
    return new Channel((text) => within(this.#send(kind, text), sendMs), pauseMs);
  }

  /**
   * Paperclip 2026.916.1 counts every event but `lifecycle` and two others as work of the agent, so only a tool is told
   * as another; the status of the task's page, which passes over `lifecycle`, is told what a run waits for by itself.
   */
  async #send(kind: Progress["kind"], message: string): Promise<void> {
    try {
      const eventType = kind === "tool" ? "tool" : "lifecycle";
      await this.#sinks.onEvent?.({ eventType, stream: "system", level: "info", message });
      if (kind === "state") await this.#sinks.onRuntimeProgress?.({ phase: "adapter_startup", message });
    } catch (error) {
      if (!this.#hasFailed) this.#failed(error);
      this.#hasFailed = true;
    }
  }
}

/** Texts of one kind: the first at once, then the latest one after each pause, none twice in a row. */
class Channel {
  readonly #send: (text: string) => Promise<void>;
  readonly #pauseMs: (sent: number) => number;
  #waiting: string | undefined;
  #last: string | undefined;
  #sent = 0;
  #busy = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(send: (text: string) => Promise<void>, pauseMs: (sent: number) => number) {
    this.#send = send;
    this.#pauseMs = pauseMs;
  }

  offer(text: string): void {
    if (text === "" || this.#closed) return;
    this.#waiting = text;
    if (!this.#busy) void this.#next();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #next(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = undefined;
    if (text === undefined || this.#closed) return;
    if (text === this.#last) return;
    this.#busy = true;
    this.#last = text;
    await this.#send(text);
    this.#sent += 1;
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#busy = false;
      void this.#next();
    }, this.#pauseMs(this.#sent));
    this.#timer.unref();
  }
}

/** One line of what can be shown: an agent's words move no cursor and turn no text round. */
function lineOf(text: string): string {
  const line = text
    .slice(0, 2_000)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim();
  return (line.length <= longest ? line : `${line.slice(0, longest - 1)}…`).toWellFormed();
}

/** Resolves when the work is done or its time is up; the work itself never rejects. */
function within(work: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    timer.unref();
    void work.finally(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
