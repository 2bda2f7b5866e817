import type { LogLine } from "./log-line.ts";

/** What tells a line from every other: its moment and its CRC-32. */
export type LineIdentity = Pick<LogLine, "second" | "nanos" | "check">;

/** More lines than a log file of the default size can hold (10 MiB; a record is 41 bytes at least). */
const mostKept = 2 ** 18;
const firstKept = 2 ** 10;

/** Identities in a row, 12 bytes each, the oldest forgotten once 262,144 are kept. Index 0 is the oldest that is kept. */
export class IdentityRing {
  #seconds = new Uint32Array(firstKept);
  #nanos = new Uint32Array(firstKept);
  #checks = new Uint32Array(firstKept);
  /** Identities kept. Example: 2 after `a`, `b`; never more than 262,144. */
  #count = 0;
  /** Where index 0 is in the arrays. Example: 1 after 262,145 lines, as the first one's place was taken. */
  #start = 0;

  get length(): number {
    return this.#count;
  }

  /** Answers the second of an identity that had to make room. */
  add(line: LineIdentity): number | undefined {
    const forgotten = this.#count === this.#seconds.length ? this.#makeRoom() : undefined;
    const slot = this.#slot(this.#count++);
    this.#seconds[slot] = line.second;
    this.#nanos[slot] = line.nanos;
    this.#checks[slot] = line.check;
    return forgotten;
  }

  at(index: number): LineIdentity {
    const slot = this.#slot(index);
    const [second = 0, nanos = 0, check = 0] = [this.#seconds[slot], this.#nanos[slot], this.#checks[slot]];
    return { second, nanos, check };
  }

  secondAt(index: number): number {
    return this.#seconds[this.#slot(index)] ?? 0;
  }

  is(index: number, line: LineIdentity): boolean {
    const slot = this.#slot(index);
    return (
      index < this.#count &&
      this.#checks[slot] === line.check &&
      this.#nanos[slot] === line.nanos &&
      this.#seconds[slot] === line.second
    );
  }

  /** Takes away the identities from `index` on and answers them. */
  cutFrom(index: number): LineIdentity[] {
    const rest = Array.from({ length: this.#count - index }, (_, offset) => this.at(index + offset));
    this.#count = index;
    return rest;
  }

  #slot(index: number): number {
    return (this.#start + index) & (this.#seconds.length - 1);
  }

  #makeRoom(): number | undefined {
    if (this.#count < mostKept) {
      this.#seconds = doubled(this.#seconds);
      this.#nanos = doubled(this.#nanos);
      this.#checks = doubled(this.#checks);
      return undefined;
    }
    const forgotten = this.secondAt(0);
    this.#start = this.#slot(1);
    this.#count--;
    return forgotten;
  }
}

function doubled(values: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(values.length * 2);
  larger.set(values);
  return larger;
}
