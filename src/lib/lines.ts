const newline = 0x0a;

/** Cuts a stream of bytes into lines. */
export interface LineSplitter {
  /** The lines that end in this chunk, without their newline, as bytes: a character may be cut between two chunks. */
  push(chunk: Uint8Array): Buffer[];
  /** What came after the last newline. */
  rest(): Buffer;
}

/** Keeps the pieces of an unfinished line apart until it ends: joining at each chunk would cost the square of its length. */
export function createLineSplitter(): LineSplitter {
  let pieces: Buffer[] = [];
  return {
    push(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const lines: Buffer[] = [];
      let from = 0;
      for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, from)) {
        const end = bytes.subarray(from, at);
        lines.push(pieces.length === 0 ? end : Buffer.concat([...pieces, end]));
        pieces = [];
        from = at + 1;
      }
      if (from < bytes.length) pieces.push(bytes.subarray(from));
      return lines;
    },
    rest: () => Buffer.concat(pieces),
  };
}
