import { type EmittedLines, type LateLine, slackSeconds } from "./emitted-lines.ts";
import { ExpectedLines } from "./expected-lines.ts";
import { compareMoments, type LogLine } from "./log-line.ts";

/**
 * - `undecided`: more lines are needed; nothing may be handed on yet
 * - `continued`: the replay meets what was handed on. `fresh` follows it; `late` stands between lines that were handed
 *   on and was hidden from the stream that showed them
 * - `gap`: it does not meet; lines before the first of `fresh` may be missing
 */
export type AlignmentVerdict =
  | { kind: "undecided" }
  | { kind: "continued"; fresh: LogLine[]; late: LateLine[] }
  | { kind: "gap"; fresh: LogLine[] };

/** A line that is not among the expected ones, and the expected one that was next when it came. */
interface UnmatchedLine extends LateLine {
  /** It may have been handed on and forgotten, or be a piece of a line: nothing proves that it is missing. */
  doubtful: boolean;
}

/** What is held back of lines that may be new, before a replay that meets nothing is called a gap. */
const mostHeldBytes = 8 * 2 ** 20;

const undecided = { kind: "undecided" } as const;

/**
 * Finds the place where a replay meets what was handed on.
 *
 * The match is on the sequence of lines, never on "later than": timestamps are neither unique nor in order. Expected
 * lines may be absent at the beginning (the file was rotated), unknown ones may stand between them (hidden from an
 * earlier stream by its `sinceTime` after the node's clock stepped back). Nothing is handed on before the last expected
 * line was met, so a stream that breaks inside its replay changes no state.
 */
export class Alignment {
  readonly #emitted: EmittedLines;
  readonly #since: number | undefined;
  readonly #expected: ExpectedLines;
  /**
   * Indices of the expected lines that may be next, ascending; empty before the first match.
   * Example: after `a x b x`, a replay that begins with `x` may go on with `b` (2) or with what is new (4).
   */
  #places: number[] = [];
  /** Lines of the replay so far. Example: 1 while a first `b` may be the rest of a long line that only looks like `b`. */
  #received = 0;
  /** Whether the first match was not the first expected line. Example: after `a b c`, a replay that begins with `b`. */
  #jumped = false;
  /** Lines met that are none of the expected ones. Example: `n` in the replay `a n b` after `a b`. */
  #unmatched: UnmatchedLine[] = [];
  /** What those take. Example: 8 MiB of lines of a new file, none of which was handed on. */
  #unmatchedBytes = 0;

  constructor(emitted: EmittedLines, since: number | undefined) {
    this.#emitted = emitted;
    this.#since = since;
    this.#expected = new ExpectedLines(emitted, since);
  }

  /**
   * Whether the stream has shown whole lines, but none that was handed on: one that stays silent then was rotated away.
   * The first line alone may be the rest of a long one.
   */
  get hasUnmatchedWholeLines(): boolean {
    return this.#places.length === 0 && this.#unmatched.some(({ doubtful }) => !doubtful);
  }

  /** Whether a line came that is not among the expected ones. */
  get hasUnmatchedLines(): boolean {
    return this.#unmatched.length > 0;
  }

  push(line: LogLine): AlignmentVerdict {
    this.#received++;
    if (this.#advance(line) || this.#find(line)) return this.#isCertain() ? this.#continued() : undecided;
    if (this.#places.length > 0 && this.#complete !== undefined) {
      this.#places = [this.#complete];
      this.#keep(line);
      return this.#continued();
    }
    this.#keep(line);
    const isFull = this.hasUnmatchedWholeLines && this.#unmatchedBytes > mostHeldBytes;
    return this.#isBeyond(line) || isFull ? this.decide() : undecided;
  }

  /** No more will come that could change the picture. */
  decide(): AlignmentVerdict {
    if (this.#places.length > 0) return this.#continued();
    return { kind: "gap", fresh: this.#unmatched.map(({ line }) => line) };
  }

  get #complete(): number | undefined {
    const last = this.#places.at(-1);
    return last === this.#emitted.length ? last : undefined;
  }

  /** A first line that stands far on may be a piece of a long line that has a twin there: the next one tells. */
  #isCertain(): boolean {
    const isFirstFarOn = this.#received === 1 && this.#jumped;
    return this.#complete !== undefined && this.#complete === this.#places[0] && !isFirstFarOn;
  }

  #advance(line: LogLine): boolean {
    const on = this.#places.filter((place) => this.#emitted.is(place, line));
    if (on.length === 0) return false;
    this.#places = on.map((place) => this.#expected.at(place + 1));
    return true;
  }

  /** Looks for the line further on. Only at the beginning may it stand in more than one place. */
  #find(line: LogLine): boolean {
    const start = this.#expected.at(0);
    const from = this.#received === 2 && this.#jumped ? start : (this.#places[0] ?? start);
    const found = this.#expected.find(line, from);
    if (found.length === 0) return false;
    this.#jumped = found[0] !== start;
    this.#places = found.map((index) => this.#expected.at(index + 1));
    return true;
  }

  #keep(line: LogLine): void {
    const before = this.#places[0] ?? this.#expected.at(0);
    const begun = this.#places.length > 0;
    // Around the second asked for, lines of two streams and pieces of long ones are shown in part.
    if (this.#since !== undefined && line.second <= this.#since) return;
    const { latest } = this.#emitted;
    const forgotten = !begun && this.#emitted.forgotSince(this.#since);
    if (forgotten && latest && compareMoments(line, latest) <= 0) return;
    this.#unmatched.push({ line, before, doubtful: forgotten || this.#received === 1 });
    this.#unmatchedBytes += line.bytes.length + 100;
  }

  #isBeyond(line: LogLine): boolean {
    const { latest } = this.#emitted;
    return latest !== undefined && line.second > latest.second + slackSeconds;
  }

  #continued(): AlignmentVerdict {
    const end = this.#places.at(-1) ?? 0;
    const late = this.#unmatched.filter(({ before, doubtful }) => before < end && !doubtful);
    const fresh = this.#unmatched.filter(({ before }) => before >= end).map(({ line }) => line);
    return { kind: "continued", fresh, late };
  }
}
