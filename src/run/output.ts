import { ApiError, isApiError } from "../cluster/api-error.ts";
import type { Cluster, Pod, Ref } from "../cluster/cluster.ts";
import { containerName } from "../job/names.ts";
import { LauncherOutput, type OutputEvent } from "../launcher/launcher-output.ts";
import { type ContainerPhase, type FollowLimits, followLog, type LogEvent } from "../log/follow-log.ts";
import type { LogLine } from "../log/log-line.ts";
import { agentState, hasPodEnded } from "./agent-container.ts";
import { RunFailure } from "./failure.ts";
import type { RunLog } from "./run-log.ts";

/** How a run's output came to its end. `complete`: nothing of it is missing, apart from gaps that were said. */
export type OutputEnd = { kind: "marked"; exitCode: number } | { kind: "unmarked"; complete: boolean; why: string };

export interface OutputTarget {
  pod: Pod;
  nonce: string;
  /** Each stdout line of OpenCode, once. */
  onLine(line: string): void;
  onStderr(line: string): void;
  onHearing?(hearing: Hearing): void;
  /** Aborted when the container is known to have ended and the log does not come to its end: it is read anew. */
  leave?: AbortSignal;
}

/** Whether what the agent prints is heard: `listening`, `writing` it into a run's log that takes its time, or not at all. */
export type Hearing = "listening" | "writing" | "interrupted";

export interface OutputDeps {
  cluster: Pick<Cluster, "openLog" | "read">;
  log: RunLog;
  limits: FollowLimits;
  /** Rights that are refused this long count as taken away; without it at once. */
  deniedMs?: number;
}

/** Interruptions in a row before the run's log says that the connection is lost; shorter ones nobody needs to know. */
const silentInterruptions = 2;

/** After the end mark: how long what a resumed stream may have hidden is looked for, before the run's end is told. */
const rereadMs = 10_000;

/** Carries a pod's output into the run's log until it is complete, however often the connection breaks. */
export async function carryOutput(target: OutputTarget, deps: OutputDeps, signal: AbortSignal): Promise<OutputEnd> {
  const ref: Ref = { namespace: target.pod.metadata?.namespace ?? "", name: target.pod.metadata?.name ?? "" };
  const output = new LauncherOutput(target.nonce);
  const deniedMs = deps.deniedMs ?? 0;
  const carrier = new Carrier(target, output, { log: deps.log, rights: new Rights("log", deniedMs) });
  const rights = new Rights("state", deniedMs);
  let first: ContainerPhase | undefined = "running";
  const phase = async (outer: AbortSignal): Promise<ContainerPhase> => {
    const known = first;
    first = undefined;
    if (known) return known;
    const pod = await rights.patiently(() => deps.cluster.read("pods", ref, { signal: outer }));
    return containerPhase(pod, target.pod);
  };
  const followed = {
    pod: ref,
    container: containerName,
    phase,
    concluded: () => output.endedWith !== undefined,
    ...(target.leave ? { leave: target.leave } : {}),
  };
  const reread = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    const life = AbortSignal.any([signal, reread.signal]);
    for await (const event of followLog(deps.cluster, followed, { signal: life, limits: deps.limits })) {
      const end = await carrier.take(event);
      if (end) return end;
      if (output.endedWith !== undefined) timer ??= setTimeout(() => reread.abort(new Error("time is up")), rereadMs);
    }
    throw new Error("a log ended without saying so");
  } catch (error) {
    if (signal.aborted || !reread.signal.aborted) throw error;
    return await carrier.unread();
  } finally {
    clearTimeout(timer);
  }
}

function containerPhase(pod: Pod | undefined, expected: Pod): ContainerPhase {
  if (!pod || pod.metadata?.uid !== expected.metadata?.uid) return "gone";
  const state = agentState(pod);
  if (state?.terminated) return "terminated";
  if (state?.running) return "running";
  return hasPodEnded(pod) ? "terminated" : "waiting";
}

/** Refusals so far apart have nothing to do with each other: tries come far more often. */
const unrelatedMs = 60_000;

/** A Role that is written anew and a token in rotation pass; what is refused for long was taken away. */
class Rights {
  readonly #what: string;
  readonly #limitMs: number;
  #refusedAtMs: number | undefined;
  #lastMs = 0;

  /** `what` of the pod is to be read. */
  constructor(what: string, limitMs: number) {
    this.#what = what;
    this.#limitMs = limitMs;
  }

  /** Makes a refusal one that passes, until it has lasted too long. */
  async patiently<T>(call: () => Promise<T>): Promise<T> {
    try {
      const result = await call();
      this.granted();
      return result;
    } catch (error) {
      if (!isApiError(error, "denied", "unauthorized")) throw error;
      this.refused(error.message, error);
      throw new ApiError(error.message, { kind: "unavailable", status: error.status, cause: error });
    }
  }

  granted(): void {
    this.#refusedAtMs = undefined;
  }

  /** Throws `RunFailure` when that has lasted too long. */
  refused(why: string, cause?: unknown): void {
    const nowMs = Date.now();
    if (nowMs - this.#lastMs > unrelatedMs) this.#refusedAtMs = undefined;
    this.#lastMs = nowMs;
    this.#refusedAtMs ??= nowMs;
    if (nowMs - this.#refusedAtMs < this.#limitMs) return;
    const text = `Paperclip may no longer read the ${this.#what} of the run's pod, so the run cannot be followed and is ended: ${why}.`;
    throw new RunFailure("k8s_permission_denied", text, { cause });
  }
}

class Carrier {
  readonly #target: OutputTarget;
  readonly #output: LauncherOutput;
  readonly #log: RunLog;
  readonly #rights: Rights;
  /** Of the first line read, while it is open whether that was the log's first. */
  #since: string | undefined;
  #begun = false;
  #interruptions = 0;

  constructor(target: OutputTarget, output: LauncherOutput, { log, rights }: { log: RunLog; rights: Rights }) {
    this.#target = target;
    this.#output = output;
    this.#log = log;
    this.#rights = rights;
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
        this.#rights.refused(event.why);
        return this.#interrupted(event.why);
      case "interrupted":
        return this.#interrupted(event.why);
      case "end":
        await this.#put(this.#output.flush());
        return this.#marked() ?? { kind: "unmarked", complete: event.complete, why: event.why };
    }
  }

  async #interrupted(why: string): Promise<undefined> {
    this.#target.onHearing?.("interrupted");
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
    this.#rights.granted();
    this.#target.onHearing?.("writing");
    await this.#put(events);
    this.#target.onHearing?.("listening");
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
