import { ownPrefix } from "../lib/own-prefix.ts";
import { visibleText } from "../lib/visible-text.ts";
import { piecesOf } from "./pieces-of.ts";

/** The run's log in Paperclip, as the adapter writes to it. Calls are made one after the other; none of them rejects. */
export interface RunLog {
  stdout(text: string): Promise<void>;
  stderr(text: string): Promise<void>;
  /** One line of the adapter's own, marked as such. Written in its turn, but not waited for longer than five seconds. */
  say(text: string): Promise<void>;
  /** Tells the task's page, not the log, what the run does. Never waited for; some of what comes quickly is passed over. */
  progress?(progress: Progress): void;
}

/** `state`: what the run waits for, or that it has begun to work. `tool`: what the agent has used. */
export interface Progress {
  kind: "state" | "tool";
  text: string;
}

/** A log that stands still must delay neither a stop nor a limit. */
const sayMs = 5_000;

/** Characters of one line of the adapter's own. */
const longestSaid = 8_000;

export interface RunLogOptions {
  /** From its abort on, nobody waits for the adapter's own lines. */
  signal?: AbortSignal;
  /** Called with the first error of a call. A log that cannot be written ends no run: the agent's work goes on. */
  failed?: (error: unknown) => void;
  progress?: (progress: Progress) => void;
}

type OnLog = (stream: "stdout" | "stderr", chunk: string) => Promise<void>;

export function createRunLog(onLog: OnLog, { signal, failed, progress }: RunLogOptions = {}): RunLog {
  let last: Promise<void> = Promise.resolve();
  let reported = false;
  /** All pieces of a text stand in the queue at once, so that nothing comes between them. */
  const write = (stream: "stdout" | "stderr", text: string): Promise<void> => {
    for (const piece of piecesOf(text)) {
      last = last
        .then(() => onLog(stream, piece))
        .catch((error: unknown) => {
          if (!reported) failed?.(error);
          reported = true;
        });
    }
    return last;
  };
  return {
    stdout: (text) => write("stdout", text),
    stderr: (text) => write("stderr", text),
    say: (text) => orSoon(write("stdout", `${ownPrefix} ${oneLine(text)}\n`), signal),
    ...(progress ? { progress } : {}),
  };
}

/** What is said may quote an agent, a cluster or a file: one line of what can be shown, of bounded length. */
function oneLine(text: string): string {
  const lines = visibleText(text.slice(0, longestSaid)).split("\n");
  const line = lines.map((part) => part.trim()).filter((part) => part !== "");
  return line.join(" ") + (text.length > longestSaid ? "…" : "");
}

function orSoon(writing: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, sayMs);
    if (signal?.aborted) return done();
    signal?.addEventListener("abort", done, { once: true });
    void writing.then(done);
  });
}
