import { type EmittedLines, slackSeconds } from "./emitted-lines.ts";
import { compareMoments, type LogLine } from "./log-line.ts";

/**
 * Why a line cannot simply follow the lines handed on.
 *
 * - `repeated`: it was handed on before; the server has opened the file again. Lines a, b, a
 * - `twin`: it equals the line with the latest time, to the nanosecond. Lines a, b, b
 * - `early`: its time lies more than two seconds before the last line's. Lines 15:06:40 a, 15:06:10 b
 */
export type Misplacement = "repeated" | "twin" | "early";

/**
 * Looks at one line of a stream whose replay has ended.
 *
 * `since`: the second from which the stream shows the file, undefined for a whole one. In a whole stream an early line
 * is in its place: the node's clock stepped back, and what a filter hid since then comes when the file is read whole.
 */
export function misplacementOf(
  line: LogLine,
  emitted: EmittedLines,
  since: number | undefined,
): Misplacement | undefined {
  const { latest, last } = emitted;
  if (!latest || !last) return undefined;
  if (line.second < last.second - slackSeconds) {
    if (emitted.has(line)) return "repeated";
    return since === undefined && !emitted.forgotSince(undefined) ? undefined : "early";
  }
  const order = compareMoments(line, latest);
  if (order > 0 || !emitted.has(line, line.second - 1)) return undefined;
  return order < 0 ? "repeated" : "twin";
}
