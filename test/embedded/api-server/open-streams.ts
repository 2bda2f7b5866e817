import type { Writable } from "node:stream";
import type { RequestInfo } from "./request-info.ts";

/** A watch or a log that is being answered, and what can be done to it on command. */
export interface OpenStream {
  kind: "watch" | "log";
  info: RequestInfo;
  /** Cuts the connection in the middle. */
  reset(): void;
  /** Ends the body as if all had been said. */
  end(): void;
  /** Puts bytes into the body. */
  inject(text: string): void;
  /** While held nothing is written and nothing is cut, as with a black hole on the way. */
  hold(on: boolean): void;
  /** Whether the client is still there. */
  readonly signal: AbortSignal;
  /** Writes; waits while held or while the client is slow. False: the client has gone. */
  write(chunk: string | Uint8Array): Promise<boolean>;
}

export interface OpenStreams {
  open(kind: OpenStream["kind"], info: RequestInfo, response: Writable): OpenStream;
  list(): readonly OpenStream[];
}

export function createOpenStreams(): OpenStreams {
  const streams = new Set<OpenStream>();
  return {
    open(kind, info, response) {
      const stream = openStream(kind, info, response);
      streams.add(stream);
      stream.signal.addEventListener("abort", () => streams.delete(stream), { once: true });
      return stream;
    },
    list: () => [...streams],
  };
}

function openStream(kind: OpenStream["kind"], info: RequestInfo, response: Writable): OpenStream {
  const gone = new AbortController();
  let queue = Promise.resolve(true);
  let release = () => {};
  let held: Promise<void> | undefined;
  response.once("close", () => {
    gone.abort();
    release();
  });
  response.once("finish", () => gone.abort());

  async function writeNow(chunk: string | Uint8Array): Promise<boolean> {
    while (held && !gone.signal.aborted) await held;
    if (gone.signal.aborted || response.writableEnded) return false;
    if (!response.write(chunk)) await drained(response, gone.signal);
    return !gone.signal.aborted;
  }

  const write = (chunk: string | Uint8Array) => {
    queue = queue.then(() => writeNow(chunk));
    return queue;
  };
  return {
    kind,
    info,
    signal: gone.signal,
    write,
    reset: () => response.destroy(),
    end: () => {
      queue = queue.then(() => {
        response.end();
        gone.abort();
        return false;
      });
    },
    inject: (text) => {
      void write(text);
    },
    hold(on) {
      release();
      held = on
        ? new Promise((resolve) => {
            release = resolve;
          })
        : undefined;
    },
  };
}

function drained(response: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    response.on("drain", done);
    signal.addEventListener("abort", done);
  });
}
