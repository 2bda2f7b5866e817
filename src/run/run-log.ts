/** The run's log in Paperclip, as the adapter writes to it. Calls are made one after the other; none of them rejects. */
export interface RunLog {
  stdout(text: string): Promise<void>;
  stderr(text: string): Promise<void>;
  /** One line of the adapter's own, marked as such. */
  say(text: string): Promise<void>;
}

export const ownPrefix = "[paperclip]";

export interface RunLogOptions {
  /** From its abort on, nobody waits for the adapter's own lines: a log that stands still must not hold a stop back. */
  signal?: AbortSignal;
  /** Told of the first call that failed. A log that cannot be written ends no run: the agent's work goes on. */
  failed?: (error: unknown) => void;
}

type OnLog = (stream: "stdout" | "stderr", chunk: string) => Promise<void>;

export function createRunLog(onLog: OnLog, { signal, failed }: RunLogOptions = {}): RunLog {
  let last: Promise<void> = Promise.resolve();
  let told = false;
  const write = (stream: "stdout" | "stderr", text: string): Promise<void> => {
    last = last
      .then(() => onLog(stream, text))
      .catch((error: unknown) => {
        if (!told) failed?.(error);
        told = true;
      });
    return last;
  };
  return {
    stdout: (text) => write("stdout", text),
    stderr: (text) => write("stderr", text),
    say: (text) => orAborted(write("stdout", `${ownPrefix} ${text.replace(/\s*\n\s*/g, " ")}\n`), signal),
  };
}

function orAborted(writing: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return writing;
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    if (signal.aborted) done();
    else signal.addEventListener("abort", done, { once: true });
    void writing.then(done);
  });
}
