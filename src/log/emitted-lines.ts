import { IdentityRing, type LineIdentity } from "./identity-ring.ts";
import { compareMoments, type LogLine, secondToTime } from "./log-line.ts";

/** Overlap asked for beyond the second that `sinceTime` is cut to: lines of two streams stand out of order in the file. */
export const slackSeconds = 2;

/** The newest lines whose earliest time decides where to resume: a clock that stepped back must not hide what follows. */
const recentCount = 16;

/** A line that belongs before the one at index `before`, seen too late to be handed on in its place. */
export interface LateLine {
  before: number;
  line: LogLine;
}

/** The lines handed on, in the order in which they stand in the file. Index 0 is the oldest that is remembered. */
export class EmittedLines {
  readonly #ring = new IdentityRing();
  /** The line with the latest time. Example: `a` of 15:06:40 after `a`, then `b` of 15:06:39. */
  #latest: LogLine | undefined;
  /** The line handed on last. Example: `b` after `a`, `b`; a late line does not count. */
  #last: LogLine | undefined;
  /** The latest second of all lines forgotten, -1 before the first. Example: that of line 1 after 262,145 lines. */
  #latestForgotten = -1;

  /** How many are remembered. */
  get length(): number {
    return this.#ring.length;
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
    this.#put(line);
    this.#last = line;
    if (!this.#latest || compareMoments(line, this.#latest) > 0) this.#latest = line;
  }

  secondAt(index: number): number {
    return this.#ring.secondAt(index);
  }

  /** For a table of identities; equal lines have equal keys. */
  keyAt(index: number): number {
    return keyOf(this.#ring.at(index));
  }

  is(index: number, line: LogLine): boolean {
    return this.#ring.is(index, line);
  }

  /** Whether this line is among those handed on since `second`; looks back until an older one. */
  has(line: LogLine, second = 0): boolean {
    return this.#find(line, second) !== -1;
  }

  /** The time of the line handed on before this one. */
  before(line: LogLine): { after: string } | undefined {
    const index = this.#find(line, 0) - 1;
    if (index < 0) return undefined;
    const { second, nanos } = this.#ring.at(index);
    return { after: secondToTime(second).replace("Z", `.${String(nanos).padStart(9, "0")}Z`) };
  }

  /** The whole second from which a resumed stream is asked, undefined when there is nothing to resume from. */
  resumeSecond(): number | undefined {
    if (!this.#latest) return undefined;
    let earliest = this.#latest.second;
    for (let index = Math.max(0, this.length - recentCount); index < this.length; index++) {
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
    const from = late[0]?.before ?? this.length;
    let next = 0;
    for (const [offset, known] of this.#ring.cutFrom(from).entries()) {
      for (let each = late[next]; each?.before === from + offset; each = late[++next]) this.#addLate(each.line);
      this.#put(known);
    }
  }

  #addLate(line: LogLine): void {
    this.#put(line);
    if (this.#latest && compareMoments(line, this.#latest) > 0) this.#latest = line;
  }

  #put(line: LineIdentity): void {
    const forgotten = this.#ring.add(line);
    if (forgotten !== undefined) this.#latestForgotten = Math.max(this.#latestForgotten, forgotten);
  }

  #find(line: LogLine, second: number): number {
    let index = this.length - 1;
    while (index >= 0 && !this.is(index, line)) {
      if (this.secondAt(index) < second) return -1;
      index--;
    }
    return index;
  }
}

/** A number that equal lines share. */
export function keyOf({ nanos, check }: Pick<LogLine, "nanos" | "check">): number {
  return nanos * 2 ** 22 + (check >>> 10);
}
