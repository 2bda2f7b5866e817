import { createLineSplitter, type LineSplitter } from "../lib/lines.ts";
import { LineSequence } from "./line-sequence.ts";
import { readLogLine, secondToTime } from "./log-line.ts";
import { emptyReading, type FinalReading, type Reading } from "./reading.ts";
import { UnparsedText } from "./unparsed-text.ts";

/** So often an empty file is seen before it is believed: a connection that is lost before the first byte looks the same. */
const emptyAlike = 4;

/**
 * The pure core of following a log: bytes of one stream after the other in, lines that stand once out.
 * It knows nothing of HTTP, containers or time.
 */
export class LogReader {
  readonly #sequence = new LineSequence();
  readonly #unparsed = new UnparsedText();
  /** Holds the beginning of a line whose newline has not come. Example: `…Z {"type":"te` at the end of a chunk. */
  #splitter: LineSplitter = createLineSplitter();
  /** The next stream shows the whole file, so that nothing is hidden by time. Example: this stream showed `a b a c`. */
  #nextUnfiltered = false;
  /** Bytes of the present stream. Example: 34 after `2025-06-15T15:06:40.000000000Z ab\n`. */
  #streamBytes = 0;
  /** Bytes of the stream before that came to its end. Example: 34 when the file was read to its end; -1: none was. */
  #previousFileBytes = -1;
  /** Empty bodies of a finished container in a row. Example: 1 after a connection that kubelet lost before its first byte. */
  #emptyFiles = 0;

  /** Whether lines may be hidden: a stream from a time on leaves out what is written after the node's clock stepped back. */
  get mayHide(): boolean {
    return this.#sequence.mayHide;
  }

  /** How many lines were handed on so far. */
  get emittedCount(): number {
    return this.#sequence.emittedCount;
  }

  /** How many bytes they took in their streams. */
  get emittedBytes(): number {
    return this.#sequence.emittedBytes;
  }

  /** Whether lines are held back that a stream which stays silent will not explain. */
  get hasUndecided(): boolean {
    return this.#sequence.hasUndecided;
  }

  /** The next stream shows the whole file. Example: a filtered stream was silent for long, perhaps for its filter. */
  requireFullRead(): void {
    this.#nextUnfiltered = true;
  }

  /**
   * A new stream begins; the result is the `sinceTime` to ask for, undefined for the whole file. What an earlier stream
   * left unfinished comes again.
   */
  open({ whole = false }: { whole?: boolean } = {}): string | undefined {
    this.#splitter = createLineSplitter();
    this.#unparsed.clear();
    this.#streamBytes = 0;
    const since = this.#sequence.open(whole || this.#nextUnfiltered);
    return since === undefined ? undefined : secondToTime(since);
  }

  push(chunk: Uint8Array): Reading {
    const reading = emptyReading();
    this.#streamBytes += chunk.length;
    // Not before: a stream that is refused or brings nothing has not shown the file.
    if (chunk.length > 0) this.#nextUnfiltered = false;
    for (const raw of this.#splitter.push(chunk)) {
      this.#line(raw, reading);
      if (reading.broken !== undefined) break;
    }
    return this.#checked(reading);
  }

  /** The stream stands still. That decides about lines that meet nothing; a replay that has met something may go on. */
  settle(): Reading {
    const reading = emptyReading();
    if (this.#sequence.hasUndecided) this.#sequence.decide(reading);
    return this.#checked(reading);
  }

  /** The stream ended while the container may go on: the server's own words about it, if it had any. */
  lastWords(): string | undefined {
    return this.#unparsed.wordsBefore(this.#splitter.rest());
  }

  /**
   * The container is finished and a stream of its whole log came to its end. An end may also be a connection that
   * kubelet lost (its clients see both alike), so it counts when it is seen twice alike, an empty one four times.
   */
  finish(): FinalReading {
    const words = this.lastWords();
    if (words !== undefined) return { ...emptyReading(), broken: words, settled: false };
    const reading = emptyReading();
    const rest = this.#splitter.rest();
    this.#emptyFiles = this.#streamBytes === 0 ? this.#emptyFiles + 1 : 0;
    const settled =
      this.#previousFileBytes === this.#streamBytes && (this.#streamBytes > 0 || this.#emptyFiles >= emptyAlike);
    this.#previousFileBytes = this.#streamBytes;
    if (settled && rest.length > 0) this.#line(rest, reading);
    if (settled) this.#sequence.decide(reading);
    return { ...this.#checked(reading), settled };
  }

  #line(raw: Buffer, reading: Reading): void {
    const line = readLogLine(raw);
    if (!line) {
      this.#unparsed.add(raw);
      const text = this.#unparsed.excess;
      if (text !== undefined) reading.broken = `its lines have no timestamps: ${text}`;
      return;
    }
    if (this.#unparsed.isPending && !this.#sequence.mayBeginWithinLine) {
      reading.broken = "a line without a timestamp stands in the middle";
    } else this.#sequence.push(line, reading);
    this.#unparsed.clear();
  }

  /** A stream that cannot be trusted is followed by one of the whole file. */
  #checked(reading: Reading): Reading {
    if (reading.broken !== undefined) this.#nextUnfiltered = true;
    return reading;
  }
}
