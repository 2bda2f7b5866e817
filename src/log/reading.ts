import type { LogLine } from "./log-line.ts";

/**
 * Lines between `after` and `before` may be missing: the log was rotated or cut while nobody read it. Both are RFC 3339
 * with nanoseconds, as the log shows them; `before` is undefined when nothing follows the gap.
 */
export interface LogGap {
  after: string;
  before: string | undefined;
}

/** What a chunk of a stream came to: lines to hand on, each once and in order. */
export interface Reading {
  /** Lines that belong between lines handed on before, in the order of the file. */
  late: LogLine[];
  lines: LogLine[];
  gaps: LogGap[];
  /** The stream cannot be trusted any further and must be opened anew: the server's own words, or what is odd about it. */
  broken?: string;
}

/** `settled`: this is all. */
export type FinalReading = Reading & { settled: boolean };

/** A reading to which nothing was added yet. */
export function emptyReading(): Reading {
  return { late: [], lines: [], gaps: [] };
}
