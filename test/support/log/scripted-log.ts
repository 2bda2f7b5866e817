import type { LogRequest, LogResponse } from "../../../src/cluster/cluster.ts";
import { errorFrom } from "../../../src/cluster/refusal.ts";
import type { ContainerPhase, LogEvent } from "../../../src/log/following.ts";

/** One answer to a log request. */
export interface Answer {
  status?: number;
  chunks?: string[];
  /** After the chunks: the body ends, breaks, or stays open in silence. */
  after?: "end" | "break" | "silence";
  delayMs?: number;
  /** The answer never begins. */
  hang?: boolean;
}

/** A cluster that answers log requests from a script; the last answer is given again and again. */
export function scriptedLog(answers: readonly Answer[]) {
  const requests: (LogRequest & { atMs: number })[] = [];
  let open = 0;
  return {
    requests,
    get open() {
      return open;
    },
    cluster: {
      async openLog(request: LogRequest): Promise<LogResponse> {
        const answer = answers[Math.min(requests.length, answers.length - 1)] ?? {};
        requests.push({ ...request, atMs: Date.now() });
        const body = async function* () {
          open++;
          try {
            yield* bodyOf(answer, request.signal);
          } finally {
            open--;
          }
        };
        const { status = 200, chunks = [] } = answer;
        if (answer.hang) await untilAborted(request.signal);
        if (status !== 200) return { refused: errorFrom(status === 204 ? 400 : status, undefined, chunks.join("")) };
        return { body: body() };
      },
    },
  };
}

async function* bodyOf({ chunks = [], after = "end", delayMs = 0 }: Answer, signal: AbortSignal) {
  for (const chunk of chunks) {
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    yield Buffer.from(chunk);
  }
  if (after === "break") throw new Error("other side closed");
  if (after === "silence") {
    await untilAborted(signal);
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** `second` counts from a fixed time. */
export function line(second: number, text: string): string {
  return `${new Date(1_750_000_000_000 + second * 1000).toISOString().slice(0, -1)}000000Z ${text}\n`;
}

export function phases(...given: ContainerPhase[]) {
  let at = 0;
  return async () => given[Math.min(at++, given.length - 1)] ?? "running";
}

export function textOf(events: readonly LogEvent[]): string[] {
  return events.flatMap((event) => (event.kind === "lines" ? event.lines.map(({ bytes }) => bytes.toString()) : []));
}
