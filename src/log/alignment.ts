import { type EmittedLines, keyOf, type LateLine, slackSeconds } from "./emitted-lines.ts";
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
interface Unknown extends LateLine {
  /** It may have been handed on and forgotten, or be a piece of a line: nothing proves that it is missing. */
  doubtful: boolean;
}

/** What is held back of lines that may be new, before a replay that meets nothing is called a gap. */
const mostHeldBytes = 8 * 2 ** 20;
/** So many lines are looked for one by one; then a table of all expected lines is worth its memory. */
const mostSearches = 32;

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
  /** Indices of the expected lines that may be next; more than one while equal lines leave the place open. Ascending. */
  #places: number[] = [];
  #received = 0;
  /** Whether the first match was not the first expected line. */
  #jumped = false;
  #unknown: Unknown[] = [];
  #unknownBytes = 0;
  #searches = 0;
  #table: Map<number, number[]> | undefined;

  constructor(emitted: EmittedLines, since: number | undefined) {
    this.#emitted = emitted;
    this.#since = since;
  }

  /**
   * Whether the stream has shown whole lines, but none that was handed on: one that stays silent then was rotated away.
   * The first line alone may be the rest of a long one.
   */
  get strange(): boolean {
    return this.#places.length === 0 && this.#unknown.some(({ doubtful }) => !doubtful);
  }

  /** Whether a line came that is not among the expected ones. */
  get strays(): boolean {
    return this.#unknown.length > 0;
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
    return this.#isBeyond(line) || (this.strange && this.#unknownBytes > mostHeldBytes) ? this.decide() : undecided;
  }

  /** No more will come that could change the picture. */
  decide(): AlignmentVerdict {
    if (this.#places.length > 0) return this.#continued();
    return { kind: "gap", fresh: this.#unknown.map(({ line }) => line) };
  }

  get #complete(): number | undefined {
    const last = this.#places.at(-1);
    return last === this.#emitted.length ? last : undefined;
  }

  /** The next expected index at or after `index`: what is older than asked for is not repeated. */
  #expected(index: number): number {
    let next = index;
    if (this.#since === undefined) return next;
    while (next < this.#emitted.length && this.#emitted.secondAt(next) < this.#since) next++;
    return next;
  }

  /** A first line that stands far on may be a piece of a long line that has a twin there: the next one tells. */
  #isCertain(): boolean {
    return (
      this.#complete !== undefined && this.#complete === this.#places[0] && !(this.#received === 1 && this.#jumped)
    );
  }

  #advance(line: LogLine): boolean {
    const on = this.#places.filter((place) => this.#emitted.is(place, line));
    if (on.length === 0) return false;
    this.#places = on.map((place) => this.#expected(place + 1));
    return true;
  }

  /** Looks for the line further on. Only at the beginning may it stand in more than one place. */
  #find(line: LogLine): boolean {
    const start = this.#expected(0);
    const after = this.#received === 2 && this.#jumped ? start : (this.#places[0] ?? start);
    const found = this.#indices(line).filter((index) => index >= after && this.#emitted.is(index, line));
    if (found.length === 0) return false;
    this.#jumped = found[0] !== start;
    this.#places = found.map((index) => this.#expected(index + 1));
    return true;
  }

  #indices(line: LogLine): readonly number[] {
    if (this.#searches++ >= mostSearches) {
      this.#table ??= this.#makeTable();
      return this.#table.get(keyOf(line)) ?? [];
    }
    const found: number[] = [];
    for (let index = this.#expected(0); index < this.#emitted.length; index = this.#expected(index + 1)) {
      if (this.#emitted.is(index, line)) found.push(index);
    }
    return found;
  }

  #makeTable(): Map<number, number[]> {
    const table = new Map<number, number[]>();
    for (let index = this.#expected(0); index < this.#emitted.length; index = this.#expected(index + 1)) {
      const key = this.#emitted.keyAt(index);
      const indices = table.get(key);
      if (indices) indices.push(index);
      else table.set(key, [index]);
    }
    return table;
  }

  #keep(line: LogLine): void {
    const before = this.#places[0] ?? this.#expected(0);
    const begun = this.#places.length > 0;
    // Around the second asked for, lines of two streams and pieces of long ones are shown in part.
    if (this.#since !== undefined && line.second <= this.#since) return;
    const { latest } = this.#emitted;
    const forgotten = !begun && this.#emitted.forgotSince(this.#since);
    if (forgotten && latest && compareMoments(line, latest) <= 0) return;
    this.#unknown.push({ line, before, doubtful: forgotten || this.#received === 1 });
    this.#unknownBytes += line.bytes.length + 100;
  }

  #isBeyond(line: LogLine): boolean {
    const { latest } = this.#emitted;
    return latest !== undefined && line.second > latest.second + slackSeconds;
  }

  #continued(): AlignmentVerdict {
    const end = this.#places.at(-1) ?? 0;
    const late = this.#unknown.filter(({ before, doubtful }) => before < end && !doubtful);
    const fresh = this.#unknown.filter(({ before }) => before >= end).map(({ line }) => line);
    return { kind: "continued", fresh, late };
  }
}
