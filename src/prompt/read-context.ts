import { isObject, type JsonObject } from "../lib/json-object.ts";

// Paperclip's context is JSON without a schema: these read a part of it, or say that it is not there.

export function objectAt(value: JsonObject, key: string): JsonObject {
  const part = value[key];
  return isObject(part) ? part : {};
}

export function objectsAt(value: JsonObject, key: string): JsonObject[] {
  const part = value[key];
  return Array.isArray(part) ? part.filter(isObject) : [];
}

/** The first of the keys that holds text other than blanks, trimmed. */
export function textAt(value: JsonObject, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const part = value[key];
    if (typeof part === "string" && part.trim() !== "") return part.trim();
  }
  return undefined;
}

export function textsAt(value: JsonObject, key: string): string[] {
  const part = value[key];
  return Array.isArray(part) ? part.filter((item) => typeof item === "string" && item.trim() !== "") : [];
}
