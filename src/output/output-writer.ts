import type { Pod } from "../cluster/cluster.ts";
import type { LauncherOutput, OutputEvent } from "../launcher/launcher-output.ts";
import type { LogEvent } from "../log/following.ts";
import type { LogLine } from "../log/log-line.ts";
import { asAgentLine } from "../run-log/agent-line.ts";
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
  /** Aborted once the container is known to have ended and the log does not come to its end: it is read anew. */
  stopWaiting?: AbortSignal;
}

/** What goes on with the agent's output: it is read, written into a run's log that takes its time, or out of reach. */
export type OutputActivity = "reading" | "writing" | "disconnected";

/** Interruptions in a row that the run's log does not mention: the connection is back before a person could act. */
const silentInterruptions = 2;

const unreadText =
  "the connection did not let the log be read once more at its end: if the node's clock stepped back during the run, " +
  "the lines of that time may be missing";

/** Writes what a log brings into the run's log, and tells how the output ended. */
export class OutputWriter {
  readonly #target: OutputTarget;
  readonly #output: LauncherOutput;
  readonly #log: RunLog;
  readonly #denied: DeniedGrace;
  /** When the first line was written. Example: `2025-06-15T15:06:40.000000000Z` after a log that begins with stderr. */
  #firstTimestamp: string | undefined;
  /** Whether the log's beginning was judged. Example: true after `@N:start 1`, false after `@N:e early` alone. */
  #hasBegun = false;
  /** Interruptions since the last line. Example: 3 after three refused connections; then the run's log says so. */
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
          `${lateText(event.lines.length)}: the node's clock had stepped back while the log was read`,
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
        return this.#endOf(event);
    }
  }

  async #interrupted(why: string): Promise<undefined> {
    this.#target.onActivity?.("disconnected");
    if (++this.#interruptions !== silentInterruptions + 1) return;
    this.#log.progress?.({ kind: "state", text: "reconnecting to the pod's log; the run goes on" });
    await this.#log.say(`the connection to the pod's log is lost (${why}); the run goes on and its lines will follow`);
  }

  /** The end mark was read, and then the log could not be read again: a resumed stream may have hidden lines. */
  async unread(): Promise<OutputEnd> {
    return this.#endOf({ complete: false, why: "the log could not be read again" });
  }

  async #endOf({ complete, why }: { complete: boolean; why: string }): Promise<OutputEnd> {
    const exitCode = this.#output.endedWith;
    if (exitCode === undefined) return { kind: "unmarked", complete, why };
    if (!complete) await this.#log.say(unreadText);
    return { kind: "marked", exitCode };
  }

  async #lines(lines: readonly LogLine[]): Promise<undefined> {
    if (this.#interruptions > silentInterruptions) {
      this.#log.progress?.({ kind: "state", text: "the connection to the pod's log is back" });
      await this.#log.say("the connection to the pod's log is back");
    }
    this.#interruptions = 0;
    const events = this.#output.push(lines);
    if (!this.#hasBegun) await this.#begin(lines, events);
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
    this.#firstTimestamp ??= lines[0]?.timestamp;
    const first = events.find(({ kind }) => kind === "started" || kind === "stdout" || kind === "ended");
    if (!first) return;
    this.#hasBegun = true;
    if (first.kind === "started") return;
    await this.#log.say(
      `lines before ${this.#firstTimestamp} may be missing: the container's log rotated before it was read`,
    );
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
        text += `${asAgentLine(event.text)}\n`;
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

function lateText(count: number): string {
  return count === 1 ? "1 line follows late" : `${count} lines follow late`;
}
