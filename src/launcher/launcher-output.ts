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
 * line may have no newline before the end mark. What only looks like a mark is text: an agent can read its own nonce,
 * and a listing of processes or variables in its output must neither cut a line nor end a run.
 */
export class LauncherOutput {
  readonly #mark: Buffer;
  /**
   * The beginning of a stdout line that was cut by a mark; bytes, since a character may be cut too.
   * Example: `{"type":"te` after the line `{"type":"te@N:beat`.
   */
  #torn: Buffer[] = [];
  /** The pieces of a stderr line so far. Example: `a` after `@N:p a`, until `@N:e b` ends the line `ab`. */
  #stderr: Buffer[] = [];
  /** Example: 0 after `@N:end 0`. */
  #exitCode: number | undefined;
  /** Example: true after `@N:done`. */
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
      const found = this.#find(bytes);
      if (!found) this.#stdout(bytes, events);
      else {
        if (found.at > 0) this.#torn.push(bytes.subarray(0, found.at));
        this.#marked(found, events);
      }
    }
    return events;
  }

  #find(bytes: Buffer): FoundMark | undefined {
    for (let at = bytes.indexOf(this.#mark); at !== -1; at = bytes.indexOf(this.#mark, at + 1)) {
      const mark = readMark(bytes.subarray(at + this.#mark.length));
      if (mark) return { at, ...mark };
    }
    return undefined;
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

  #marked({ word, rest }: FoundMark, events: OutputEvent[]): void {
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
        this.#exitCode = Number(textOf([rest]));
        break;
    }
    const exitCode = this.endedWith;
    if ((word === "end" || word === "done") && exitCode !== undefined) {
      events.push(...this.flush(), { kind: "ended", exitCode });
    }
  }
}

/** The words of the marks, and what may follow each up to the end of its line. */
const forms = {
  start: /^ 1$/,
  end: /^ \d{1,3}$/,
  done: /^$/,
  beat: /^$/,
  say: /^ /,
  e: /^ /,
  p: /^ /,
} as const;

type Word = keyof typeof forms;

interface FoundMark {
  at: number;
  word: Word;
  rest: Buffer;
}

/** The mark whose words these are, undefined when they are none. */
function readMark(bytes: Buffer): Omit<FoundMark, "at"> | undefined {
  // No word is longer, nor is an exit code: the rest of the line need not be looked at.
  const head = bytes.toString("latin1", 0, 16);
  const word = /^[a-z]+/.exec(head)?.[0] as Word | undefined;
  if (word === undefined || !Object.hasOwn(forms, word) || !forms[word].test(head.slice(word.length))) return undefined;
  return { word, rest: bytes.subarray(word.length + 1) };
}

/** Bytes that are no UTF-8 become U+FFFD, and so does NUL, which no database takes in a text. */
function textOf(pieces: readonly Buffer[]): string {
  const [first] = pieces;
  const text = (pieces.length === 1 && first ? first : Buffer.concat(pieces)).toString("utf8");
  return text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
}
