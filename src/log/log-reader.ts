import { createLineSplitter, type LineSplitter } from "../lib/lines.ts";
import { Alignment, type AlignmentVerdict } from "./alignment.ts";
import { EmittedLines, slackSeconds } from "./emitted-lines.ts";
import { compareMoments, type LogLine, readLogLine, secondToTime } from "./log-line.ts";

/** Lines between `after` and `before` may be missing: the log had been rotated or cut while nobody listened. */
export interface LogGap {
  after: string;
  before: string | undefined;
}

/** What a chunk of a stream came to: lines to hand on, each once and in order. */
export interface Reading {
  /** Lines that belong between those handed on before, in the order of the file. */
  late: LogLine[];
  lines: LogLine[];
  gaps: LogGap[];
  /** The stream cannot be trusted any further and must be opened anew: the server's own words, or what is odd about it. */
  broken?: string;
}

/** `settled`: this is all. */
export type FinalReading = Reading & { settled: boolean };

/** Where the node's clock is so coarse that lines have twins, they are not doubted for ever. */
const mostTwins = 3;

/** A server says no more than this in the place of a log; one that leaves timestamps out sends its whole log so. */
const mostOdd = 64 * 1024;

const tornTimestamp = /^[-\dT:.Z+]{1,36}$/;

const nothing = (): Reading => ({ late: [], lines: [], gaps: [] });

/**
 * The pure core of following a log: bytes of one stream after the other in, lines that stand once out.
 * It knows nothing of HTTP, containers or time.
 */
export class LogReader {
  readonly #emitted = new EmittedLines();
  #splitter: LineSplitter = createLineSplitter();
  #alignment: Alignment | undefined;
  #since: number | undefined;
  /** The next stream must show the whole file: nothing in it is hidden by time or shown in part. */
  #whole = false;
  #filtered = false;
  /** Bytes that came as a line without a timestamp: the server's words, if nothing follows them. */
  #odd: string | undefined;
  /** Identity of a line whose time lies far before its forerunner's: believed when a fresh stream shows it again. */
  #doubted: { identity: string; gap?: LogGap } | undefined;
  /** A replay within a stream goes on; the gap that it proves, when it ends. */
  #inStream = false;
  #again: LogGap | undefined;
  #toldGap: LogGap | undefined;
  /** How often a doubted line was believed. */
  #twins = 0;
  #told = 0;
  #received = 0;
  /** How many bytes the last stream had that was read to its end. */
  #ended = -1;

  /** Whether lines may be hidden: a stream from a time on leaves out what is written after the node's clock stepped back. */
  get filtered(): boolean {
    return this.#filtered;
  }

  /** How many lines were handed on so far. */
  get told(): number {
    return this.#told;
  }

  /** Whether lines are held back that a stream which stays silent will not explain. */
  get holds(): boolean {
    return this.#alignment?.strange ?? false;
  }

  /** Nothing was heard for long: the next stream shows the whole file, in case its filter hid what was written. */
  requireFullRead(): void {
    this.#whole = true;
  }

  /** A new stream begins; the result is the `sinceTime` to ask for. What an earlier stream left unfinished comes again. */
  open(): string | undefined {
    this.#splitter = createLineSplitter();
    this.#odd = undefined;
    this.#inStream = false;
    this.#received = 0;
    this.#since = this.#whole ? undefined : this.#emitted.resumeSecond();
    this.#whole = false;
    this.#alignment = this.#emitted.latest ? new Alignment(this.#emitted, this.#since) : undefined;
    if (this.#since === undefined) return undefined;
    this.#filtered = true;
    return secondToTime(this.#since);
  }

  push(chunk: Uint8Array): Reading {
    this.#received += chunk.length;
    return this.#read(this.#splitter.push(chunk));
  }

  /** The stream stands still. That decides about lines that meet nothing; a replay that has met something may go on. */
  settle(): Reading {
    const reading = nothing();
    if (this.#alignment?.strange) this.#accept(this.#alignment.decide(), reading);
    return reading;
  }

  /** The stream ended while the container may go on: the server's own words about it, if it had any. */
  lastWords(): string | undefined {
    const rest = this.#splitter.rest();
    const torn = rest.length === 0 || readLogLine(rest) !== undefined || tornTimestamp.test(rest.toString("latin1"));
    if (this.#odd === undefined && torn) return undefined;
    return `${this.#odd ?? ""}${rest.toString("utf8", 0, mostOdd)}`.slice(0, 500);
  }

  /**
   * The container is finished and a stream of its whole log came to its end. An end may also be a connection that
   * kubelet lost (its clients see both alike), so it counts when it is seen twice alike.
   */
  finish(): FinalReading {
    const words = this.lastWords();
    if (words !== undefined) return { ...nothing(), broken: words, settled: false };
    const reading = nothing();
    const rest = this.#splitter.rest();
    const settled = this.#ended === this.#received;
    this.#ended = this.#received;
    if (settled && rest.length > 0) this.#line(rest, reading);
    if (settled && this.#alignment) this.#accept(this.#alignment.decide(), reading);
    return { ...reading, settled };
  }

  #read(raw: readonly Buffer[]): Reading {
    const reading = nothing();
    for (const bytes of raw) {
      this.#line(bytes, reading);
      if (reading.broken !== undefined) break;
    }
    return reading;
  }

  #line(raw: Buffer, reading: Reading): void {
    const line = readLogLine(raw);
    // A stream from a time on may begin within a long line: that piece has no timestamp (API: ReadLogs of Kubernetes 1.34).
    const tolerant = this.#alignment !== undefined && this.#since !== undefined;
    if (!line) {
      this.#odd = `${this.#odd ?? ""}${raw.toString("utf8", 0, mostOdd)}\n`;
      if (this.#odd.length > mostOdd) this.#break(`its lines have no timestamps: ${this.#odd.slice(0, 200)}`, reading);
      return;
    }
    if (this.#odd !== undefined && !tolerant) this.#break("a line without a timestamp stands in the middle", reading);
    else if (this.#alignment) this.#align(this.#alignment, line, reading);
    else this.#take(line, reading);
    this.#odd = undefined;
  }

  #take(line: LogLine, reading: Reading): void {
    this.#resolveDoubt(line, reading);
    const oddity = this.#oddity(line);
    if (oddity === undefined) this.#emit(line, reading);
    else if (oddity === "again") this.#replay(line, reading);
    else if (this.#believes(line)) this.#emit(line, reading);
    else this.#break("the log's time steps back, or a line stands twice", reading);
  }

  #oddity(line: LogLine): "again" | "doubtful" | undefined {
    const { latest, last } = this.#emitted;
    if (!latest || !last) return undefined;
    const order = compareMoments(line, latest);
    if (line.second < last.second - slackSeconds) {
      if (this.#emitted.has(line)) return "again";
      // A clock that stepped back. What a filter hid since then comes when the file is read whole.
      return this.#since === undefined && !this.#emitted.forgotSince(undefined) ? undefined : "doubtful";
    }
    if (order > 0 || !this.#emitted.has(line, line.second - 1)) return undefined;
    if (order < 0) return "again";
    return this.#twins < mostTwins ? "doubtful" : undefined;
  }

  /**
   * The server opened the file again from its start, in the same stream. It does so when the file was rotated twice
   * while it read an older one, and then the file between was skipped (source: ReadLogs opens the newest one for each).
   */
  #replay(line: LogLine, reading: Reading): void {
    const after = this.#emitted.before(line);
    this.#alignment = new Alignment(this.#emitted, undefined);
    this.#since = undefined;
    const skipped = after && { ...after, before: line.timestamp };
    this.#again = skipped?.before === this.#toldGap?.before ? undefined : skipped;
    this.#inStream = true;
    this.#align(this.#alignment, line, reading);
  }

  #align(alignment: Alignment, line: LogLine, reading: Reading): void {
    const verdict = alignment.push(line);
    if (this.#inStream && (verdict.kind === "gap" || (verdict.kind === "undecided" && alignment.strays))) {
      // Not the file's beginning after all: a whole stream tells what these lines are.
      this.#break("the server sent lines again in the middle of a stream", reading);
      return;
    }
    if (this.#inStream && verdict.kind === "continued") {
      this.#inStream = false;
      if (this.#again) reading.gaps.push(this.#again);
      this.#toldGap = this.#again ?? this.#toldGap;
    }
    this.#accept(verdict, reading);
  }

  /** What a fresh stream of the whole file shows again in the same place stands there. */
  #believes(line: LogLine): boolean {
    if (this.#doubted?.identity === identityOf(line)) {
      this.#doubted = undefined;
      this.#twins++;
      return true;
    }
    const after = this.#emitted.before(line);
    this.#doubted = { identity: identityOf(line), ...(after ? { gap: { ...after, before: line.timestamp } } : {}) };
    return false;
  }

  /** A fresh stream does not show the doubted line again: the server had opened a file of one line twice. */
  #resolveDoubt(line: LogLine, reading: Reading): void {
    if (!this.#doubted || this.#doubted.identity === identityOf(line)) return;
    if (this.#doubted.gap) reading.gaps.push(this.#doubted.gap);
    this.#doubted = undefined;
  }

  #break(why: string, reading: Reading): void {
    this.#whole = true;
    reading.broken = why;
  }

  #accept(verdict: AlignmentVerdict, reading: Reading): void {
    if (verdict.kind === "undecided") return;
    this.#alignment = undefined;
    if (this.#since === undefined) this.#filtered = false;
    const after = this.#emitted.latest?.timestamp ?? "";
    if (verdict.kind === "continued" && verdict.late.length > 0) {
      this.#emitted.insert(verdict.late);
      for (const { line } of verdict.late) reading.late.push(line);
      this.#told += verdict.late.length;
    }
    if (verdict.kind === "gap") reading.gaps.push({ after, before: verdict.fresh[0]?.timestamp });
    for (const [index, line] of verdict.fresh.entries()) {
      if (index === 0) this.#emitProven(line, reading);
      else if (reading.broken === undefined) this.#take(line, reading);
    }
  }

  /** The replay shows that it stands here. */
  #emitProven(line: LogLine, reading: Reading): void {
    this.#resolveDoubt(line, reading);
    this.#doubted = undefined;
    this.#emit(line, reading);
  }

  #emit(line: LogLine, reading: Reading): void {
    this.#emitted.add(line);
    this.#told++;
    reading.lines.push(line);
  }
}

function identityOf({ second, nanos, check }: LogLine): string {
  return `${second}.${nanos}.${check}`;
}
