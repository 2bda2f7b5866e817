/** What the launcher's output means, in the order it was written. */
export type OutputEvent =
  | { kind: "stdout"; text: string }
  | { kind: "stderr"; text: string }
  /** The launcher's own words about what it did or could not do. */
  | { kind: "said"; text: string }
  /** The first line of the output: nothing before it is missing. */
  | { kind: "started" }
  /** Both streams are complete; OpenCode's exit code, or 70 when the launcher gave up before it. */
  | { kind: "ended"; exitCode: number };

/**
 * Tells the two streams and the launcher's marks apart (the forms are described in launcher.sh).
 *
 * A mark in the middle of a line cuts it: kubelet joins a stdout line that the container runtime wrote in parts with a
 * stderr record that came between (kubelet's ReadLogs keeps one "new line" flag for both streams), and an agent's last
 * line may have no newline before the end mark.
 */
export class LauncherOutput {
  readonly #mark: Buffer;
  /** The beginning of a stdout line that was cut by a mark; bytes, since a character may be cut too. */
  #torn: Buffer[] = [];
  /** The pieces of a stderr line so far. */
  #stderr: Buffer[] = [];
  #exitCode: number | undefined;
  #stderrDone = false;

  constructor(nonce: string) {
    this.#mark = Buffer.from(`@${nonce}:`);
  }

  /** The exit code of the end mark, from the moment both streams are complete. */
  get endedWith(): number | undefined {
    return this.#stderrDone ? this.#exitCode : undefined;
  }

  push(lines: readonly { bytes: Buffer }[]): OutputEvent[] {
    const events: OutputEvent[] = [];
    for (const { bytes } of lines) {
      const at = bytes.indexOf(this.#mark);
      if (at === -1) this.#stdout(bytes, events);
      else this.#marked(bytes, at, events);
    }
    return events;
  }

  /** No more lines will come: what is held back, as far as it goes. */
  flush(): OutputEvent[] {
    const events: OutputEvent[] = [];
    if (this.#torn.length > 0) events.push({ kind: "stdout", text: textOf(this.#torn) });
    if (this.#stderr.length > 0) events.push({ kind: "stderr", text: textOf(this.#stderr) });
    this.#torn = [];
    this.#stderr = [];
    return events;
  }

  #stdout(bytes: Buffer, events: OutputEvent[]): void {
    events.push({ kind: "stdout", text: textOf([...this.#torn, bytes]) });
    this.#torn = [];
  }

  #marked(bytes: Buffer, at: number, events: OutputEvent[]): void {
    if (at > 0) this.#torn.push(bytes.subarray(0, at));
    const { word, rest } = wordOf(bytes.subarray(at + this.#mark.length));
    switch (word) {
      case "start":
        events.push({ kind: "started" });
        break;
      case "say":
        events.push({ kind: "said", text: textOf([rest]) });
        break;
      case "p":
        this.#stderr.push(rest);
        break;
      case "e":
        events.push({ kind: "stderr", text: textOf([...this.#stderr, rest]) });
        this.#stderr = [];
        break;
      case "done":
        this.#stderrDone = true;
        break;
      case "end":
        this.#exitCode = Number.parseInt(textOf([rest]), 10);
        break;
    }
    const exitCode = this.endedWith;
    if ((word === "end" || word === "done") && exitCode !== undefined) {
      events.push(...this.flush(), { kind: "ended", exitCode });
    }
  }
}

const space = 0x20;

function wordOf(bytes: Buffer): { word: string; rest: Buffer } {
  const at = bytes.indexOf(space);
  if (at === -1) return { word: bytes.toString("latin1"), rest: Buffer.alloc(0) };
  return { word: bytes.toString("latin1", 0, at), rest: bytes.subarray(at + 1) };
}

/** Bytes that are no UTF-8 become U+FFFD, and so does NUL, which no database takes in a text. */
function textOf(pieces: readonly Buffer[]): string {
  const [first] = pieces;
  const text = (pieces.length === 1 && first ? first : Buffer.concat(pieces)).toString("utf8");
  return text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
}
