/** However long a server asks for, it is asked again after about this long. */
const longestMs = 60_000;

/**
 * The wait in milliseconds that a server asks for in seconds, by its Retry-After header or by a Status object: at most
 * a minute, and up to a quarter longer, so that all who were given the same wait do not come back at once.
 *
 * Undefined where it names no number of seconds; a date is left alone (API: Kubernetes sends seconds only).
 */
export function readRetryAfter(given: unknown): number | undefined {
  const seconds: unknown = Array.isArray(given) ? given[0] : given;
  const ms = typeof seconds === "string" || typeof seconds === "number" ? Number(seconds) * 1000 : 0;
  return ms > 0 ? Math.min(ms, longestMs) * (1 + Math.random() / 4) : undefined;
}
