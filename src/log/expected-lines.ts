import { type EmittedLines, keyOf } from "./emitted-lines.ts";
import type { LogLine } from "./log-line.ts";

/** So many lines are looked for one by one; then a table of all expected lines is worth its memory. */
const mostSearches = 32;

/** The lines handed on that a replay from a second on must show, by their index among all that are remembered. */
export class ExpectedLines {
  readonly #emitted: EmittedLines;
  readonly #since: number | undefined;
  /** Lookups so far. Example: 2 after a replay whose first two lines are not those that come next. */
  #searches = 0;
  /** Indices by key. Example: a replay of a log that was rotated since meets 33 unknown lines. */
  #table: Map<number, number[]> | undefined;

  constructor(emitted: EmittedLines, since: number | undefined) {
    this.#emitted = emitted;
    this.#since = since;
  }

  /** The first expected index at or after `index`: what is older than asked for is not repeated. */
  at(index: number): number {
    let next = index;
    if (this.#since === undefined) return next;
    while (next < this.#emitted.length && this.#emitted.secondAt(next) < this.#since) next++;
    return next;
  }

  /** Every expected index at or after `from` at which this line stands, ascending. */
  find(line: LogLine, from: number): number[] {
    return this.#candidates(line).filter((index) => index >= from && this.#emitted.is(index, line));
  }

  #candidates(line: LogLine): readonly number[] {
    if (this.#searches++ >= mostSearches) {
      this.#table ??= this.#makeTable();
      return this.#table.get(keyOf(line)) ?? [];
    }
    const found: number[] = [];
    for (let index = this.at(0); index < this.#emitted.length; index = this.at(index + 1)) {
      if (this.#emitted.is(index, line)) found.push(index);
    }
    return found;
  }

  #makeTable(): Map<number, number[]> {
    const table = new Map<number, number[]>();
    for (let index = this.at(0); index < this.#emitted.length; index = this.at(index + 1)) {
      const key = this.#emitted.keyAt(index);
      const indices = table.get(key);
      if (indices) indices.push(index);
      else table.set(key, [index]);
    }
    return table;
  }
}
