import { compareMoments, type LogLine, secondToTime } from "./log-line.ts";

/** Overlap asked for beyond the second that `sinceTime` is cut to: lines of two streams stand out of order in the file. */
export const slackSeconds = 2;

/** More lines than a log file of the default size can hold (10 MiB; a record is 41 bytes at least). */
const mostKept = 2 ** 18;
const firstKept = 2 ** 10;
/** The newest lines whose earliest time decides where to resume: a clock that stepped back must not hide what follows. */
const recentCount = 16;

/** A line that belongs before the one at index `before`, seen too late to be handed on in its place. */
export interface LateLine {
  before: number;
  line: LogLine;
}

/**
 * The identities of the lines handed on, in the order in which they stand in the file: 12 bytes a line, a bounded
 * number of them. Index 0 is the oldest that is remembered.
 */
export class EmittedLines {
  #seconds = new Uint32Array(firstKept);
  #nanos = new Uint32Array(firstKept);
  #checks = new Uint32Array(firstKept);
  #count = 0;
  /** Where index 0 is in the arrays, once they are full and go round. */
  #start = 0;
  #latest: LogLine | undefined;
  #last: LogLine | undefined;
  #latestForgotten = -1;

  /** How many are remembered. */
  get length(): number {
    return this.#count;
  }

  /** The one with the latest time, undefined before the first line. */
  get latest(): LogLine | undefined {
    return this.#latest;
  }

  /** The one handed on last. */
  get last(): LogLine | undefined {
    return this.#last;
  }

  add(line: LogLine): void {
    if (this.#count === this.#seconds.length) this.#makeRoom();
    this.#put(this.#count++, line);
    this.#last = line;
    if (!this.#latest || compareMoments(line, this.#latest) > 0) this.#latest = line;
  }

  secondAt(index: number): number {
    return this.#seconds[this.#slot(index)] ?? 0;
  }

  /** For a table of identities; equal lines have equal keys. */
  keyAt(index: number): number {
    const slot = this.#slot(index);
    return keyOf({ nanos: this.#nanos[slot] ?? 0, check: this.#checks[slot] ?? 0 });
  }

  is(index: number, line: LogLine): boolean {
    const slot = this.#slot(index);
    return (
      index < this.#count &&
      this.#checks[slot] === line.check &&
      this.#nanos[slot] === line.nanos &&
      this.#seconds[slot] === line.second
    );
  }

  /** Whether this line is among those handed on since `second`; looks back until an older one. */
  has(line: LogLine, second = 0): boolean {
    return this.#find(line, second) !== -1;
  }

  /** The time of the line handed on before this one. */
  before(line: LogLine): { after: string } | undefined {
    const index = this.#find(line, 0) - 1;
    if (index < 0) return undefined;
    const nanos = String(this.#nanos[this.#slot(index)] ?? 0).padStart(9, "0");
    return { after: secondToTime(this.secondAt(index)).replace("Z", `.${nanos}Z`) };
  }

  #find(line: LogLine, second: number): number {
    let index = this.#count - 1;
    while (index >= 0 && !this.is(index, line)) {
      if (this.secondAt(index) < second) return -1;
      index--;
    }
    return index;
  }

  /** The whole second from which a resumed stream is asked, undefined when there is nothing to resume from. */
  resumeSecond(): number | undefined {
    if (!this.#latest) return undefined;
    let earliest = this.#latest.second;
    for (let index = Math.max(0, this.#count - recentCount); index < this.#count; index++) {
      earliest = Math.min(earliest, this.secondAt(index));
    }
    return earliest - slackSeconds;
  }

  /** Whether a stream from `since` on may repeat lines that were handed on and forgotten. */
  forgotSince(since: number | undefined): boolean {
    return this.#latestForgotten >= (since ?? 0);
  }

  /** Puts lines in the places where they stand in the file; `late` is in that order, each before one that is here. */
  insert(late: readonly LateLine[]): void {
    const from = late[0]?.before ?? this.#count;
    const [last, rest] = [this.#last, this.#copyFrom(from)];
    this.#count = from;
    let next = 0;
    for (const [offset, line] of rest.entries()) {
      for (; late[next]?.before === from + offset; next++) this.add((late[next] as LateLine).line);
      const latest = this.#latest;
      this.add(line);
      this.#latest = latest;
    }
    this.#last = last;
  }

  #copyFrom(from: number): LogLine[] {
    return Array.from({ length: this.#count - from }, (_, offset) => {
      const slot = this.#slot(from + offset);
      const [second = 0, nanos = 0, check = 0] = [this.#seconds[slot], this.#nanos[slot], this.#checks[slot]];
      return { second, nanos, check, timestamp: "", bytes: Buffer.alloc(0) };
    });
  }

  #put(index: number, line: LogLine): void {
    const slot = this.#slot(index);
    this.#seconds[slot] = line.second;
    this.#nanos[slot] = line.nanos;
    this.#checks[slot] = line.check;
  }

  #slot(index: number): number {
    return (this.#start + index) & (this.#seconds.length - 1);
  }

  #makeRoom(): void {
    if (this.#count < mostKept) {
      this.#seconds = doubled(this.#seconds);
      this.#nanos = doubled(this.#nanos);
      this.#checks = doubled(this.#checks);
      return;
    }
    this.#latestForgotten = Math.max(this.#latestForgotten, this.secondAt(0));
    this.#start = this.#slot(1);
    this.#count--;
  }
}

export function keyOf({ nanos, check }: Pick<LogLine, "nanos" | "check">): number {
  return nanos * 2 ** 22 + (check >>> 10);
}

function doubled(values: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(values.length * 2);
  larger.set(values);
  return larger;
}
