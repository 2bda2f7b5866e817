import { readLogLine } from "./log-line.ts";

/** kubelet's error text is shorter; a server that leaves timestamps out sends its whole log as such text. */
const longestText = 64 * 1024;

/** How much of the text a reason quotes. */
const quotedChars = 500;

const tornTimestamp = /^[-\dT:.Z+]{1,36}$/;

/** Lines of the present stream that have no timestamp: kubelet's own words, if no log line follows them. */
export class UnparsedText {
  /**
   * The lines since the last log line, undefined when there are none.
   * Example: the body `2025-06-15T15:06:40.000000000Z a\nrpc error: code = Unavailable\n` leaves `rpc error: …\n` here.
   */
  #text: string | undefined;

  /** Whether the line read last was no log line. */
  get isPending(): boolean {
    return this.#text !== undefined;
  }

  /** The beginning of the text, once it is longer than any error of kubelet's: this server sends no timestamps. */
  get excess(): string | undefined {
    return this.#text !== undefined && this.#text.length > longestText ? this.#text.slice(0, 200) : undefined;
  }

  add(raw: Buffer): void {
    this.#text = `${this.#text ?? ""}${raw.toString("utf8", 0, longestText)}\n`;
  }

  clear(): void {
    this.#text = undefined;
  }

  /** kubelet's words at the end of a stream. `rest`: its last bytes without newline; those of a torn log line are none. */
  wordsBefore(rest: Buffer): string | undefined {
    const isTorn = rest.length === 0 || readLogLine(rest) !== undefined || tornTimestamp.test(rest.toString("latin1"));
    if (this.#text === undefined && isTorn) return undefined;
    return `${this.#text ?? ""}${rest.toString("utf8", 0, longestText)}`.slice(0, quotedChars);
  }
}
