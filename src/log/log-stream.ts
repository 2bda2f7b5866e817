import type { ApiError } from "../cluster/api-error.ts";
import type { Cluster, Ref } from "../cluster/cluster.ts";
import { messageOf } from "../lib/message.ts";

export interface StreamRequest {
  pod: Ref;
  container: string;
  follow: boolean;
  sinceTime: string | undefined;
  /** A stream without a byte this long is given up; time in which its reader is busy does not count. */
  idleMs: number;
  signal: AbortSignal;
  /** Aborted once the container is known to have ended; the stream counts as silent then, with the reason's message. */
  stopWaiting?: AbortSignal | undefined;
}

/** How a stream came to its end. `waiting`: the container has not started. `denied`: the right or the credentials lack. */
export type StreamEnd =
  | { kind: "ended" }
  | { kind: "waiting"; why: string }
  | { kind: "denied"; why: string }
  | { kind: "silent"; why: string }
  | { kind: "failed"; why: string; retryAfterMs?: number };

/** One request for a container's log. Must be closed. */
export class LogStream {
  /** Why there will be no more bytes, once `next` has answered "end". Example: `failed` after a reset connection. */
  end: StreamEnd = { kind: "ended" };
  readonly #request: StreamRequest;
  readonly #life = new AbortController();
  readonly #onAbort: () => void;
  readonly #onStopWaiting = () => this.#giveUp(messageOf(this.#request.stopWaiting?.reason));
  readonly #timer: NodeJS.Timeout;
  /** The body. Example: undefined after a refusal. */
  #iterator: AsyncIterator<Uint8Array> | undefined;
  /** A read that goes on. Example: set when `next` has answered "quiet"; its bytes belong to the call after. */
  #pending: Promise<Uint8Array | undefined> | undefined;
  /** Whether bytes are waited for. Example: false while the run's log takes its time with the lines of the last chunk. */
  #waiting = false;
  /** Why the stream was given up. Example: `nothing was heard for 150 s`. */
  #silence: string | undefined;

  constructor(request: StreamRequest) {
    this.#request = request;
    this.#onAbort = () => this.#life.abort(request.signal.reason);
    if (request.signal.aborted) this.#onAbort();
    else request.signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#timer = setTimeout(() => this.#onQuiet(), request.idleMs);
    if (request.stopWaiting?.aborted) this.#onStopWaiting();
    else request.stopWaiting?.addEventListener("abort", this.#onStopWaiting, { once: true });
  }

  /** Opens the stream; false when there is none, for the reason in `end`. */
  async open(cluster: Pick<Cluster, "openLog">): Promise<boolean> {
    const { pod, container, follow, sinceTime } = this.#request;
    this.#waiting = true;
    try {
      const options = { pod, container, follow, signal: this.#life.signal };
      const response = await cluster.openLog(sinceTime === undefined ? options : { ...options, sinceTime });
      if ("body" in response) {
        this.#iterator = response.body[Symbol.asyncIterator]();
        return true;
      }
      this.end = endOfRefusal(response.refused);
    } catch (error) {
      this.#fail(error);
    }
    return false;
  }

  /** The next bytes, or the end, or "quiet" when nothing comes within `quietMs`. Rejects with the signal's reason. */
  async next(quietMs?: number): Promise<Uint8Array | "quiet" | "end"> {
    this.#waiting = true;
    this.#timer.refresh();
    this.#pending ??= this.#read();
    const chunk = quietMs === undefined ? await this.#pending : await orQuiet(this.#pending, quietMs);
    if (chunk === "quiet") return chunk;
    this.#pending = undefined;
    this.#waiting = false;
    return chunk ?? "end";
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#request.signal.removeEventListener("abort", this.#onAbort);
    this.#request.stopWaiting?.removeEventListener("abort", this.#onStopWaiting);
    this.#life.abort(new Error("the stream is not needed any more"));
    // Not awaited: a body that stands still would keep the caller waiting; closing its connection needs no answer.
    void this.#iterator?.return?.()?.then(undefined, () => undefined);
  }

  async #read(): Promise<Uint8Array | undefined> {
    try {
      const result = await this.#iterator?.next();
      return result?.done ? undefined : result?.value;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #fail(error: unknown): void {
    if (this.#request.signal.aborted) throw this.#request.signal.reason;
    this.end =
      this.#silence === undefined ? { kind: "failed", why: messageOf(error) } : { kind: "silent", why: this.#silence };
  }

  #onQuiet(): void {
    if (this.#waiting) this.#giveUp(`nothing was heard for ${Math.round(this.#request.idleMs / 1000)} s`);
    else this.#timer.refresh();
  }

  #giveUp(why: string): void {
    this.#silence = why;
    this.#life.abort(new Error(why));
  }
}

async function orQuiet<T>(pending: Promise<T>, quietMs: number): Promise<T | "quiet"> {
  let timer: NodeJS.Timeout | undefined;
  const quiet = new Promise<"quiet">((resolve) => {
    timer = setTimeout(() => resolve("quiet"), quietMs);
  });
  return Promise.race([pending, quiet]).finally(() => clearTimeout(timer));
}

/** A refusal of kind "invalid" is a container that waits to start, in the server's words. */
function endOfRefusal({ kind, status, message, retryAfterMs }: ApiError): StreamEnd {
  if (kind === "invalid") return { kind: "waiting", why: message };
  const why = `the log was refused with ${status}: ${message}`;
  if (kind === "unauthorized" || kind === "denied") return { kind: "denied", why };
  return { kind: "failed", why, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
