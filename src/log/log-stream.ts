import type { Cluster, LogResponse, Ref } from "../cluster/cluster.ts";
import { messageOf } from "../lib/message.ts";
import { readRetryAfter } from "../lib/retry-after.ts";

export interface StreamRequest {
  pod: Ref;
  container: string;
  follow: boolean;
  sinceTime: string | undefined;
  /** A stream without a byte this long is given up; time in which its reader is busy does not count. */
  idleMs: number;
  signal: AbortSignal;
  /** From its abort on the stream counts as silent, with the message of the reason. */
  leave?: AbortSignal | undefined;
}

/** How a stream came to its end. `waiting`: the container has not started. `denied`: 401 or 403. */
export type StreamEnd =
  | { kind: "ended" }
  | { kind: "waiting"; why: string }
  | { kind: "denied"; why: string }
  | { kind: "silent"; why: string }
  | { kind: "failed"; why: string; retryAfterMs?: number };

/** One request for a container's log. Must be closed. */
export class LogStream {
  /** Why there will be no more bytes, once `next` has answered "end". */
  end: StreamEnd = { kind: "ended" };
  readonly #request: StreamRequest;
  readonly #life = new AbortController();
  readonly #onAbort: () => void;
  readonly #onLeave = () => this.#giveUp(messageOf(this.#request.leave?.reason));
  readonly #timer: NodeJS.Timeout;
  #iterator: AsyncIterator<Uint8Array> | undefined;
  #pending: Promise<Uint8Array | undefined> | undefined;
  #waiting = false;
  #silence: string | undefined;

  constructor(request: StreamRequest) {
    this.#request = request;
    this.#onAbort = () => this.#life.abort(request.signal.reason);
    if (request.signal.aborted) this.#onAbort();
    else request.signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#timer = setTimeout(() => this.#onQuiet(), request.idleMs);
    if (request.leave?.aborted) this.#onLeave();
    else request.leave?.addEventListener("abort", this.#onLeave, { once: true });
  }

  /** Opens the stream; false when there is none, for the reason in `end`. */
  async open(cluster: Pick<Cluster, "openLog">): Promise<boolean> {
    const { pod, container, follow, sinceTime } = this.#request;
    this.#waiting = true;
    try {
      const options = { pod, container, follow, signal: this.#life.signal };
      const response = await cluster.openLog(sinceTime === undefined ? options : { ...options, sinceTime });
      if (response.status === 200) {
        this.#iterator = response.body[Symbol.asyncIterator]();
        return true;
      }
      this.end = refusal(response, await readStatus(response.body));
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
    this.#request.leave?.removeEventListener("abort", this.#onLeave);
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

/** 204: no node yet. 400: the container waits to start, in the server's words. */
function refusal({ status, retryAfterMs: header }: LogResponse, { message, retryAfterMs = header }: Status): StreamEnd {
  if (status === 204 || status === 400) return { kind: "waiting", why: message };
  const why = `the log was refused with ${status}: ${message}`;
  if (status === 401 || status === 403) return { kind: "denied", why };
  return { kind: "failed", why, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

interface Status {
  message: string;
  retryAfterMs?: number;
}

const longestStatus = 64 * 1024;

async function readStatus(body: LogResponse["body"]): Promise<Status> {
  let text = "";
  for await (const chunk of body) {
    text += Buffer.from(chunk).toString("utf8");
    if (text.length > longestStatus) break;
  }
  try {
    const status = JSON.parse(text) as { message?: unknown; details?: { retryAfterSeconds?: unknown } };
    const retryAfterMs = readRetryAfter(status.details?.retryAfterSeconds);
    const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
    return { message: typeof status.message === "string" ? status.message : text.slice(0, 500), ...retry };
  } catch {
    return { message: text.trim().slice(0, 500) };
  }
}
