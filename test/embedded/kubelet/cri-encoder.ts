export type LogStreamName = "stdout" | "stderr";

/** containerd's limit of one record; a longer line becomes parts tagged P (API: CRI log format, containerd 2). */
const recordLimit = 16_384;

/** containerd reads this much at a time, so an unfinished line shows its first part only after 20 kB (seen with containerd 2). */
const readBytes = 4_096;
const newline = 0x0a;

/** Turns what one stream of a container writes into CRI log records, each stamped when it is complete. */
export interface CriEncoder {
  push(chunk: Buffer): Buffer;
  /** What is left without a newline, as a part. */
  end(): Buffer;
}

export function createCriEncoder(stream: LogStreamName, now: () => string): CriEncoder {
  let pending = Buffer.alloc(0);

  function record(tag: "P" | "F", content: Buffer): Buffer[] {
    return [Buffer.from(`${now()} ${stream} ${tag} `), content, Buffer.from("\n")];
  }

  function splitLong(line: Buffer, isWhole: boolean): { parts: Buffer[]; rest: Buffer } {
    const parts: Buffer[] = [];
    let rest = line;
    const seen = () => (isWhole ? rest.length : rest.length - (rest.length % readBytes));
    while (seen() > recordLimit) {
      parts.push(...record("P", rest.subarray(0, recordLimit)));
      rest = rest.subarray(recordLimit);
    }
    return { parts, rest };
  }

  return {
    push(chunk) {
      const out: Buffer[] = [];
      let position = 0;
      for (;;) {
        const end = chunk.indexOf(newline, position);
        const piece = chunk.subarray(position, end < 0 ? undefined : end);
        const { parts, rest } = splitLong(pending.length === 0 ? piece : Buffer.concat([pending, piece]), end >= 0);
        out.push(...parts);
        if (end < 0) {
          pending = Buffer.from(rest);
          return Buffer.concat(out);
        }
        out.push(...record("F", rest));
        pending = Buffer.alloc(0);
        position = end + 1;
      }
    },
    end() {
      const { parts, rest } = splitLong(pending, true);
      pending = Buffer.alloc(0);
      return Buffer.concat(rest.length === 0 ? parts : [...parts, ...record("P", rest)]);
    },
  };
}
