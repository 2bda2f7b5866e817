const newline = 0x0a;

/** More than any line that means something; a string of Node's holds 512 MiB. */
const longestLineBytes = 64 * 1024 * 1024;

/** Cuts a stream of bytes into lines. */
export interface LineSplitter {
  /**
   * The lines that end in this chunk, without their newline, as bytes: a character may be cut between two chunks.
   * A line longer than the limit comes in pieces of that size and a rest, as if each were a line.
   */
  push(chunk: Uint8Array): Buffer[];
  /** What came after the last newline, or after the last piece of a line that is too long: at most the limit. */
  rest(): Buffer;
}

/**
 * Keeps the pieces of an unfinished line apart until it ends: joining at each chunk would cost the square of its length.
 * Never holds more than `limitBytes`, however long a server sends no newline.
 */
export function createLineSplitter(limitBytes: number = longestLineBytes): LineSplitter {
  let pieces: Buffer[] = [];
  let held = 0;
  const keep = (part: Buffer) => {
    if (part.length === 0) return;
    pieces.push(part);
    held += part.length;
  };
  const take = (): Buffer => {
    const whole = Buffer.concat(pieces);
    pieces = [];
    held = 0;
    return whole;
  };
  /** Keeps what may still be a line; what is too long for one goes to `lines` in pieces. */
  const add = (part: Buffer, lines: Buffer[]) => {
    let start = 0;
    for (let room = limitBytes - held; part.length - start > room; room = limitBytes) {
      keep(part.subarray(start, start + room));
      start += room;
      lines.push(take());
    }
    keep(part.subarray(start));
  };
  return {
    push(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const lines: Buffer[] = [];
      let from = 0;
      for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, from)) {
        const end = bytes.subarray(from, at);
        from = at + 1;
        if (held === 0 && end.length <= limitBytes) {
          lines.push(end);
          continue;
        }
        add(end, lines);
        lines.push(take());
      }
      add(bytes.subarray(from), lines);
      return lines;
    },
    rest: () => Buffer.concat(pieces),
  };
}
