import type { Pod } from "../cluster/cluster.ts";
import type { LauncherOutput, OutputEvent } from "../launcher/launcher-output.ts";
import type { LogEvent } from "../log/follow-log.ts";
import type { LogLine } from "../log/log-line.ts";
import type { RunLog } from "../run-log/run-log.ts";
import type { DeniedGrace } from "./denied-grace.ts";

/** How a run's output came to its end. `complete`: nothing of it is missing, apart from gaps that were said. */
export type OutputEnd = { kind: "marked"; exitCode: number } | { kind: "unmarked"; complete: boolean; why: string };

export interface OutputTarget {
  pod: Pod;
  nonce: string;
  /** Each stdout line of OpenCode, once. */
  onLine(line: string): void;
  onStderr(line: string): void;
  onActivity?(activity: OutputActivity): void;
  /** Aborted when the container is known to have ended and the log does not come to its end: it is read anew. */
  stopWaiting?: AbortSignal;
}

/** Whether what the agent prints is heard: `listening`, `writing` it into a run's log that takes its time, or not at all. */
export type OutputActivity = "reading" | "writing" | "disconnected";

/** Interruptions in a row before the run's log says that the connection is lost; shorter ones nobody needs to know. */
const silentInterruptions = 2;

/** Writes what a log brings into the run's log, and tells how the output ended. */
export class OutputWriter {
  readonly #target: OutputTarget;
  readonly #output: LauncherOutput;
  readonly #log: RunLog;
  readonly #denied: DeniedGrace;
  /** Of the first line read, while it is open whether that was the log's first. */
  #since: string | undefined;
  #begun = false;
  #interruptions = 0;

  constructor(target: OutputTarget, output: LauncherOutput, { log, denied }: { log: RunLog; denied: DeniedGrace }) {
    this.#target = target;
    this.#output = output;
    this.#log = log;
    this.#denied = denied;
  }

  async take(event: LogEvent): Promise<OutputEnd | undefined> {
    switch (event.kind) {
      case "lines":
        return this.#lines(event.lines);
      case "late":
        await this.#log.say(
          `${event.lines.length} lines follow late: the node's clock had stepped back while the log was read`,
        );
        return this.#lines(event.lines);
      case "gap":
        await this.#log.say(
          `lines between ${event.gap.after} and ${event.gap.before ?? "the end"} may be missing: ` +
            "the container's log rotated while the connection was down",
        );
        return undefined;
      case "denied":
        this.#denied.refused(event.why);
        return this.#interrupted(event.why);
      case "interrupted":
        return this.#interrupted(event.why);
      case "end":
        await this.#put(this.#output.flush());
        return this.#marked() ?? { kind: "unmarked", complete: event.complete, why: event.why };
    }
  }

  async #interrupted(why: string): Promise<undefined> {
    this.#target.onActivity?.("disconnected");
    if (++this.#interruptions !== silentInterruptions + 1) return;
    await this.#log.say(`the connection to the pod's log is lost (${why}); the run goes on and its lines will follow`);
  }

  /** The end mark was read, and then the log could not be read again. */
  async unread(): Promise<OutputEnd> {
    await this.#log.say("the log could not be read again at its end: lines may be missing if the node's clock stepped");
    return this.#marked() ?? { kind: "unmarked", complete: false, why: "the log could not be read again" };
  }

  #marked(): OutputEnd | undefined {
    const exitCode = this.#output.endedWith;
    return exitCode === undefined ? undefined : { kind: "marked", exitCode };
  }

  async #lines(lines: readonly LogLine[]): Promise<undefined> {
    if (this.#interruptions > silentInterruptions) await this.#log.say("the connection to the pod's log is back");
    this.#interruptions = 0;
    const events = this.#output.push(lines);
    if (!this.#begun) await this.#begin(lines, events);
    this.#denied.granted();
    this.#target.onActivity?.("writing");
    await this.#put(events);
    this.#target.onActivity?.("reading");
  }

  /**
   * The launcher's first line opens every log's stdout: without it the file had been rotated before anybody read it.
   * stderr has a pipe of its own and may come before.
   */
  async #begin(lines: readonly LogLine[], events: readonly OutputEvent[]): Promise<void> {
    this.#since ??= lines[0]?.timestamp;
    const first = events.find(({ kind }) => kind === "started" || kind === "stdout" || kind === "ended");
    if (!first) return;
    this.#begun = true;
    if (first.kind === "started") return;
    await this.#log.say(`lines before ${this.#since} may be missing: the container's log rotated before it was read`);
  }

  /** Lines of one stream that follow each other go in one call: at full speed each call costs more than its lines. */
  async #put(events: readonly OutputEvent[]): Promise<void> {
    let stream: "stdout" | "stderr" = "stdout";
    let text = "";
    const send = async () => {
      if (text !== "") await this.#log[stream](text);
      text = "";
    };
    for (const event of events) {
      if (event.kind === "stdout" || event.kind === "stderr") {
        if (event.kind !== stream) await send();
        stream = event.kind;
        text += `${event.text}\n`;
        if (event.kind === "stdout") this.#target.onLine(event.text);
        else this.#target.onStderr(event.text);
      } else if (event.kind === "said") {
        await send();
        await this.#log.say(event.text);
      }
    }
    await send();
  }
}
