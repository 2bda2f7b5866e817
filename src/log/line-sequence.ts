import { Alignment, type AlignmentVerdict } from "./alignment.ts";
import { DoubtedLine } from "./doubted-line.ts";
import { EmittedLines } from "./emitted-lines.ts";
import type { LogLine } from "./log-line.ts";
import { misplacementOf } from "./misplaced-line.ts";
import type { Reading } from "./reading.ts";
import { StreamReplay } from "./stream-replay.ts";

/** A timestamp of UTC, the space behind it and the newline. */
const prefixBytes = 32;

/** The lines of one log in their order: takes the lines of one stream after the other, hands each on once. */
export class LineSequence {
  readonly #emitted = new EmittedLines();
  readonly #doubted = new DoubtedLine();
  readonly #replay = new StreamReplay();
  /** Compares what the present stream repeats. Example: set when a stream opens after `a`, until it has shown `a`. */
  #alignment: Alignment | undefined;
  /** The second from which the present stream shows the file. Example: 38 after a last line of 15:06:40; undefined: all. */
  #since: number | undefined;
  /** Whether an earlier stream may have hidden lines. Example: `?sinceTime=…` was sent, and the whole file not read since. */
  #mayHide = false;
  /** Lines handed on, late ones too. Example: 2 after `a`, `b`. */
  #emittedCount = 0;
  /** What those take in a stream. Example: 66 after `2025-06-15T15:06:40.000000000Z a\n` twice. */
  #emittedBytes = 0;

  get mayHide(): boolean {
    return this.#mayHide;
  }

  get emittedCount(): number {
    return this.#emittedCount;
  }

  get emittedBytes(): number {
    return this.#emittedBytes;
  }

  /** Whether lines are held back that a stream which stays silent will not explain. */
  get hasUndecided(): boolean {
    return this.#alignment?.hasUnmatchedWholeLines ?? false;
  }

  /** Whether the present stream may have begun within a long line: the piece that it shows has no timestamp (API: kubelet 1.34). */
  get mayBeginWithinLine(): boolean {
    return this.#alignment !== undefined && this.#since !== undefined;
  }

  /** A new stream begins. Answers the second to ask for; `whole`: undefined, the file from its start. */
  open(whole: boolean): number | undefined {
    this.#replay.reset();
    this.#since = whole ? undefined : this.#emitted.resumeSecond();
    this.#alignment = this.#emitted.latest ? new Alignment(this.#emitted, this.#since) : undefined;
    if (this.#since !== undefined) this.#mayHide = true;
    return this.#since;
  }

  push(line: LogLine, reading: Reading): void {
    if (this.#alignment) this.#align(this.#alignment, line, reading);
    else this.#take(line, reading);
  }

  /** No more lines will come that could change the picture: the replay is decided as it stands. */
  decide(reading: Reading): void {
    if (this.#alignment) this.#accept(this.#alignment.decide(), reading);
  }

  #take(line: LogLine, reading: Reading): void {
    this.#resolveDoubt(line, reading);
    const misplacement = misplacementOf(line, this.#emitted, this.#since);
    if (misplacement === undefined || (misplacement === "twin" && this.#doubted.believesTwins))
      this.#emit(line, reading);
    else if (misplacement === "repeated") this.#beginReplay(line, reading);
    else if (this.#doubted.isConfirmed(line, this.#emitted.before(line))) this.#emit(line, reading);
    else reading.broken = "the log's time steps back, or a line stands twice";
  }

  #beginReplay(line: LogLine, reading: Reading): void {
    const after = this.#emitted.before(line);
    this.#replay.begin(after && { ...after, before: line.timestamp });
    this.#since = undefined;
    this.#alignment = new Alignment(this.#emitted, undefined);
    this.#align(this.#alignment, line, reading);
  }

  #align(alignment: Alignment, line: LogLine, reading: Reading): void {
    const verdict = alignment.push(line);
    if (this.#replay.isOn) {
      if (verdict.kind === "gap" || (verdict.kind === "undecided" && alignment.hasUnmatchedLines)) {
        // Not the file's beginning after all: a whole stream tells what these lines are.
        reading.broken = "the server sent lines again in the middle of a stream";
        return;
      }
      const skipped = verdict.kind === "continued" ? this.#replay.complete() : undefined;
      if (skipped) reading.gaps.push(skipped);
    }
    this.#accept(verdict, reading);
  }

  #accept(verdict: AlignmentVerdict, reading: Reading): void {
    if (verdict.kind === "undecided") return;
    this.#alignment = undefined;
    if (this.#since === undefined) this.#mayHide = false;
    const after = this.#emitted.latest?.timestamp ?? "";
    if (verdict.kind === "gap") reading.gaps.push({ after, before: verdict.fresh[0]?.timestamp });
    else if (verdict.late.length > 0) {
      this.#emitted.insert(verdict.late);
      for (const { line } of verdict.late) {
        this.#count(line);
        reading.late.push(line);
      }
    }
    for (const [index, line] of verdict.fresh.entries()) {
      if (index === 0) this.#emitProven(line, reading);
      else if (reading.broken === undefined) this.#take(line, reading);
    }
  }

  /** The replay shows that the line stands here. */
  #emitProven(line: LogLine, reading: Reading): void {
    this.#resolveDoubt(line, reading);
    this.#doubted.forget();
    this.#emit(line, reading);
  }

  #resolveDoubt(line: LogLine, reading: Reading): void {
    const gap = this.#doubted.resolve(line);
    if (gap) reading.gaps.push(gap);
  }

  #emit(line: LogLine, reading: Reading): void {
    this.#emitted.add(line);
    this.#count(line);
    reading.lines.push(line);
  }

  #count({ bytes }: LogLine): void {
    this.#emittedCount++;
    this.#emittedBytes += bytes.length + prefixBytes;
  }
}
