/**
 * How much of what OpenCode prints is taken. All of it is read as written by an attacker: an agent can print events of
 * its own making. Numbers are characters unless they say otherwise.
 */
export const bounds = {
  /** A line with more is no event. */
  line: 8 * 1024 * 1024,
  /** Names, identifiers, codes, reasons. */
  word: 200,
  title: 1_000,
  /** What an error says. */
  message: 4_000,
  /** A provider's answer that is looked into for a code. */
  body: 64 * 1024,
  /** A tool's input: levels and values. */
  input: { depth: 32, nodes: 10_000 },
  /** The end of stderr that is looked at. */
  stderr: 128 * 1024,
} as const;

/**
 * Tokens and US dollars of one run that are believed. Paperclip 2026.916.1 keeps the tokens of a run in `integer`
 * columns, and adds up all cents of a month in one: beyond 2,147,483,647 its bookkeeping throws, after the run is
 * stored, and the agent stays "running".
 */
export const mostTokens = 1_000_000_000;
export const mostUsd = 10_000;

/** A name or an identifier on one line, cut where it is too long. */
export function boundedWord(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return text.slice(0, bounds.word).replace(/\s+/g, " ").trim() || undefined;
}

/** An amount as it may be added up, and whether that is what was given. */
export function clampAmount(value: number, most: number): { amount: number; clamped: boolean } {
  const amount = value >= 0 ? Math.min(value, most) : 0; // NaN is not above zero either
  return { amount, clamped: amount !== value };
}
