/** Says that a value cannot be used. `at` names the part of it that is meant, as keys from its root. */
export type Refuse = (expected: string, details?: { found?: string; at?: readonly PropertyKey[] }) => void;

/** What a setting can hold, and how the form asks for it. */
export interface Kind<T> {
  /** For documents: "text", "a whole number". */
  accepts: string;
  control: "text" | "textarea" | "number" | "toggle" | "select";
  options?: readonly { label: string; value: string }[];
  /** Whether a value that is there says nothing all the same, such as text of comments alone: then it counts as unset. */
  isBlank?(value: unknown): boolean;
  /** Reads a value that is set. After a refusal the result is not used. */
  read(value: unknown, refuse: Refuse): T;
}

/** Forms send an empty text for a field that was cleared, other clients null. */
export function isUnset(value: unknown): value is undefined | null | "" {
  return value === undefined || value === null || (typeof value === "string" && value.trim() === "");
}

/** A value in words short enough for a message. */
export function describeFound(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) {
    const keys = Object.keys(value);
    return keys.length === 0
      ? "an empty object"
      : `an object with ${keys
          .slice(0, 5)
          .map((key) => key.slice(0, 80))
          .join(", ")}`;
  }
  return String(value);
}
