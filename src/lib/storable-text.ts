/** Levels of a stored value; what is deeper is left out, as a deeper value would end the writer with a RangeError. */
const deepest = 64;

/**
 * A text that PostgreSQL takes: in `jsonb` and `text` it refuses U+0000 (22P05, 22021) and half a surrogate pair
 * (22P02). Each becomes U+FFFD, as bytes do that are no UTF-8.
 */
export function storableText(text: string): string {
  const whole = text.isWellFormed() ? text : text.toWellFormed();
  return whole.includes("\0") ? whole.replaceAll("\0", "\ufffd") : whole;
}

/** The same for every text and key of a JSON value. Dates and other objects with a form of their own stay as they are. */
export function storable<T>(value: T): T {
  return storableAt(value, 0) as T;
}

function storableAt(value: unknown, depth: number): unknown {
  if (typeof value === "string") return storableText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= deepest) return null;
  if (Array.isArray(value)) return value.map((inner) => storableAt(inner, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [storableText(key), storableAt(inner, depth + 1)]),
  );
}
