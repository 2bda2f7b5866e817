import { isObject as isRecord, type JsonObject as JsonRecord } from "../lib/json-object.ts";

export { present } from "../lib/present.ts";
export { isRecord, type JsonRecord };

/** The value if it is an object, else an empty one: reading a missing field of it is harmless. */
export function recordOf(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The text without surrounding space; undefined if nothing is left. */
export function wordOf(value: unknown): string | undefined {
  return textOf(value)?.trim() || undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** JSON of the text; undefined if it is none. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
