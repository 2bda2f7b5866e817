import { createLineSplitter } from "../../../src/lib/lines.ts";
import { LogReader } from "../../../src/log/log-reader.ts";
import type { FinalReading, Reading } from "../../../src/log/reading.ts";
import { type LogRecord, ModelLog, ModelStream, wholeLog } from "./kubelet-model.ts";
import type { Random } from "./random.ts";

export interface Faults {
  /** Streams are cut at any byte; otherwise only between lines. */
  torn: boolean;
  cuts: number;
  /** Share of steps that rotate the file while a stream follows. */
  rotateLive?: number;
  /** Times the file is rotated while no stream is open. */
  rotateAway?: number;
  /** kubelet's own words in the body, at its start or in its middle. */
  errorBodies?: boolean;
  /** A rotation makes the server send the new file's beginning twice. */
  reopen?: boolean;
}

export interface Played {
  /** Lines as one stream shows them that was never cut. */
  expected: string[];
  told: string[];
  late: string[];
  /** How many lines had been told when a gap was said. */
  gaps: number[];
  /** Gaps that were said although the line told last still stood in the file. */
  unfounded: number;
  settled: boolean;
  streams: number;
}

/** Plays one container's life against the reader, with what breaks on the way. */
export function play(records: readonly LogRecord[], faults: Faults, random: Random): Played {
  return new Play(records, faults, random).run();
}

const errorBody = "unable to retrieve container logs for containerd://0f3a";

class Play {
  readonly #records: readonly LogRecord[];
  readonly #faults: Faults;
  readonly #random: Random;
  readonly #log = new ModelLog();
  readonly #reader = new LogReader();
  readonly #told: string[] = [];
  readonly #late: string[] = [];
  #written = 0;
  #cuts = 0;
  readonly #gaps: number[] = [];
  #streams = 0;
  #unfounded = 0;
  #stream: ModelStream | undefined;
  /** Sent by the server, not yet received. */
  #wire: Buffer = Buffer.alloc(0);

  constructor(records: readonly LogRecord[], faults: Faults, random: Random) {
    this.#records = records;
    this.#faults = faults;
    this.#random = random;
  }

  run(): Played {
    while (this.#written < this.#records.length || this.#wire.length > 0) {
      if (!this.#stream) this.#open();
      this.#write(this.#random.int(6));
      if (this.#faults.rotateLive && this.#random.chance(this.#faults.rotateLive)) this.#rotateLive();
      this.#deliver(this.#random.chance(0.5) ? this.#wire.length : this.#random.int(200));
      if (this.#stream && this.#cuts < this.#faults.cuts && this.#random.chance(0.1)) this.#cut();
    }
    return {
      expected: linesOf(wholeLog(this.#log)),
      settled: this.#finish(),
      told: this.#told,
      late: this.#late,
      gaps: this.#gaps,
      streams: this.#streams,
      unfounded: this.#unfounded,
    };
  }

  #open(): void {
    if (this.#random.chance(0.1)) this.#reader.requireFullRead();
    this.#stream = new ModelStream(this.#log, this.#reader.open());
    this.#streams++;
    this.#wire = Buffer.alloc(0);
    if (this.#faults.errorBodies && this.#random.chance(0.2)) {
      this.#endWith(this.#random.pick([errorBody, `${errorBody}\n`]));
      if (this.#reader.lastWords() === undefined) throw new Error("the server's words were not recognised");
    } else this.#wire = this.#stream.read();
  }

  #write(count: number): void {
    this.#append(count);
    if (this.#stream) this.#wire = Buffer.concat([this.#wire, this.#stream.read()]);
  }

  #append(count: number): void {
    for (const record of this.#records.slice(this.#written, this.#written + count)) {
      this.#log.append(record);
      this.#written++;
    }
  }

  /** With `reopen` kubelet sees two rotations at once: it skips the file between and opens the newest one twice. */
  #rotateLive(): void {
    // A last line without a newline is left out: the server itself would glue two lines together.
    if (this.#faults.reopen && this.#written + 20 > this.#records.length) return;
    this.#log.rotate();
    if (!this.#faults.reopen || !this.#stream) return;
    this.#append(1 + this.#random.int(8));
    this.#log.rotate();
    this.#write(1 + this.#random.int(8));
    this.#stream.reopen();
    this.#write(0);
  }

  #deliver(bytes: number): void {
    const chunk = this.#wire.subarray(0, bytes);
    this.#wire = this.#wire.subarray(bytes);
    if (chunk.length > 0 && this.#take(this.#reader.push(chunk))) this.#drop();
    // The stream stands still for a while, wherever that is; not beside a file opened twice (docs/log.md, limits).
    if (this.#stream && !this.#faults.reopen && this.#random.chance(0.1)) this.#take(this.#reader.settle());
  }

  #cut(): void {
    this.#cuts++;
    if (!this.#faults.torn) this.#deliver(this.#wire.lastIndexOf(0x0a) + 1);
    else if (this.#faults.errorBodies && this.#random.chance(0.3)) this.#endWith(errorBody);
    this.#drop();
    const away = this.#random.int(30);
    const rotations = this.#random.int((this.#faults.rotateAway ?? 0) + 1);
    for (let turn = 0; turn <= rotations; turn++) {
      if (turn > 0) this.#log.rotate();
      this.#write(Math.floor(away / (rotations + 1)));
    }
  }

  /** The body ends with the server's own words. */
  #endWith(words: string): void {
    this.#take(this.#reader.push(Buffer.concat([this.#wire, Buffer.from(words)])));
    this.#drop();
  }

  #drop(): void {
    this.#stream = undefined;
    this.#wire = Buffer.alloc(0);
  }

  #take(reading: Reading): boolean {
    const before = this.#told.length;
    const whole = reading.gaps.length > 0 ? linesOf(new ModelStream(this.#log).read()) : [];
    const lastStands = whole.includes(this.#told.at(-1) ?? "");
    for (const line of reading.late) this.#late.push(`${line.timestamp} ${line.bytes.toString("latin1")}`);
    for (const line of reading.lines) this.#told.push(`${line.timestamp} ${line.bytes.toString("latin1")}`);
    for (const gap of reading.gaps) {
      const at = this.#told.findIndex((line) => line.startsWith(`${gap.before} `));
      this.#gaps.push(at === -1 ? before : at);
      // What a stream skipped is told when it shows that it did; else the last line told must be gone.
      if (lastStands && !this.#faults.reopen) this.#unfounded++;
    }
    return reading.broken !== undefined;
  }

  /** The container has ended: its file is read whole, also cut short now and then, until nothing new comes. */
  #finish(): boolean {
    for (let attempt = 0; attempt < 12; attempt++) {
      this.#reader.requireFullRead();
      const body = new ModelStream(this.#log, this.#reader.open()).read();
      // Two readings cut at the same byte would be taken for the end.
      const short = attempt % 2 === 0 && attempt < 4 && this.#faults.torn && this.#random.chance(0.3);
      if (this.#take(this.#reader.push(short ? body.subarray(0, this.#random.int(body.length + 1)) : body))) continue;
      const reading: FinalReading = this.#reader.finish();
      this.#take(reading);
      if (reading.settled) return true;
    }
    return false;
  }
}

function linesOf(body: Buffer): string[] {
  const splitter = createLineSplitter();
  const lines = splitter.push(body).map((line) => line.toString("latin1"));
  const rest = splitter.rest().toString("latin1");
  return rest === "" ? lines : [...lines, rest];
}
