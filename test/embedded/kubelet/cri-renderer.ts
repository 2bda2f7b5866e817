export interface RenderOptions {
  timestamps: boolean;
  /** Records before this are left out, one by one; RFC 3339 with nine digits, so that text order is time order. */
  since?: string;
  limitBytes?: number;
  /** Stop after this many records; a tail without follow is limited to what was asked for (API: kubelet ReadLogs). */
  maxRecords?: number;
}

/** Turns the bytes of a CRI log file into the body of pods/log, as kubelet's `ReadLogs` does (Kubernetes 1.34). */
export interface CriRenderer {
  /** Takes any cut of the file; keeps an unfinished record for the next call. */
  push(bytes: Buffer): Buffer;
  /** True when a limit is reached and nothing more will come. */
  readonly full: boolean;
}

const newline = 0x0a;
const space = 0x20;

export function createCriRenderer(options: RenderOptions): CriRenderer {
  let rest: Buffer = Buffer.alloc(0);
  // One flag for both streams: after a part of stdout a record of stderr is glued to it without a timestamp.
  let isNewLine = true;
  let remaining = options.limitBytes ?? Number.POSITIVE_INFINITY;
  let records = 0;
  let full = remaining <= 0 || options.maxRecords === 0;

  function render(record: CriRecord): Buffer[] {
    const { timestamp, content } = record;
    const visible = options.since === undefined || timestamp >= options.since;
    const prefix = visible && options.timestamps && isNewLine ? Buffer.from(`${timestamp} `) : undefined;
    isNewLine = content.length === 0 || content[content.length - 1] === newline;
    if (!visible) return [];
    const line = prefix ? Buffer.concat([prefix, content]) : content;
    const cut = line.length > remaining ? line.subarray(0, remaining) : line;
    remaining -= cut.length;
    if (remaining <= 0) full = true;
    return [cut];
  }

  return {
    push(bytes) {
      const data = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      const out: Buffer[] = [];
      let position = 0;
      while (!full) {
        const end = data.indexOf(newline, position);
        if (end < 0) break;
        const record = parseCriRecord(data.subarray(position, end + 1));
        position = end + 1;
        if (record === undefined) continue;
        out.push(...render(record));
        records += 1;
        if (options.maxRecords !== undefined && records >= options.maxRecords) full = true;
      }
      rest = Buffer.from(data.subarray(position));
      return Buffer.concat(out);
    },
    get full() {
      return full;
    },
  };
}

export interface CriRecord {
  timestamp: string;
  stream: string;
  partial: boolean;
  /** With its newline, unless it is a part. */
  content: Buffer;
}

/** `line` ends in a newline. Undefined for what is no record; kubelet skips it too. */
export function parseCriRecord(line: Buffer): CriRecord | undefined {
  const first = line.indexOf(space);
  const second = line.indexOf(space, first + 1);
  const third = line.indexOf(space, second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  const tags = line.toString("latin1", second + 1, third).split(":");
  const partial = tags[0] === "P";
  return {
    timestamp: line.toString("latin1", 0, first),
    stream: line.toString("latin1", first + 1, second),
    partial,
    content: line.subarray(third + 1, partial ? line.length - 1 : line.length),
  };
}

/** Where the last `count` records of a file begin. */
export function tailStart(file: Buffer, count: number): number {
  let position = file.length;
  for (let seen = 0; seen <= count; seen++) {
    const before = position === 0 ? -1 : file.lastIndexOf(newline, position - 1);
    if (before < 0) return 0;
    position = before;
  }
  return position + 1;
}
