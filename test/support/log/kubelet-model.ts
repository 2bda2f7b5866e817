/**
 * What a container's log is on its node, and what a request for it shows: kubelet's `ReadLogs` (Kubernetes 1.34) byte
 * for byte. The filter works on records and stays on; parts are joined and only what begins a line has a timestamp;
 * whether a line begins is one flag for both streams, kept across a rotation and not touched by the filter.
 */
export interface LogRecord {
  ns: bigint;
  partial: boolean;
  content: Buffer;
}

/** A container's log: the records of all its files; only the newest file can be opened. */
export class ModelLog {
  readonly records: LogRecord[] = [];
  /** Where the files begin. */
  readonly files: number[] = [0];
  ended = false;

  append(record: LogRecord): void {
    this.records.push(record);
  }

  rotate(): void {
    this.files.push(this.records.length);
  }

  get current(): number {
    return this.files.length - 1;
  }
}

/** The body of one request, read piece by piece. */
export class ModelStream {
  readonly #log: ModelLog;
  readonly #sinceNs: bigint;
  #file: number;
  #position: number;
  #isNewLine = true;

  constructor(log: ModelLog, sinceTime?: string) {
    this.#log = log;
    this.#sinceNs = sinceTime === undefined ? 0n : BigInt(Date.parse(sinceTime) / 1000) * 1_000_000_000n;
    this.#file = log.current;
    this.#position = log.files[log.current] ?? 0;
  }

  /** Reads the file that is open to its end, then goes on with the newest one, if there is a newer: not with those between. */
  read(): Buffer {
    const out: Buffer[] = [];
    for (;;) {
      const end = this.#log.files[this.#file + 1] ?? this.#log.records.length;
      while (this.#position < end) out.push(...this.#show(this.#log.records[this.#position++] as LogRecord));
      if (this.#file === this.#log.current) return Buffer.concat(out);
      this.reopen();
    }
  }

  /** Opens the current file from its start, as a second queued Create event makes kubelet do. */
  reopen(): void {
    this.#file = this.#log.current;
    this.#position = this.#log.files[this.#file] ?? 0;
  }

  #show({ ns, partial, content }: LogRecord): Buffer[] {
    const begins = this.#isNewLine;
    this.#isNewLine = !partial || content.length === 0;
    if (ns < this.#sinceNs) return [];
    const line = partial ? [content] : [content, Buffer.from("\n")];
    return begins ? [Buffer.from(`${formatNs(ns)} `), ...line] : line;
  }
}

export function formatNs(ns: bigint): string {
  const second = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${second}.${String(ns % 1_000_000_000n).padStart(9, "0")}Z`;
}

/** What one stream shows that was open from the first record to the last and kept up with every rotation. */
export function wholeLog(log: ModelLog): Buffer {
  const plain = new ModelLog();
  plain.records.push(...log.records);
  return new ModelStream(plain).read();
}
