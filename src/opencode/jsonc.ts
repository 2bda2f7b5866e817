import { isRecord, type JsonRecord } from "./json-value.ts";

/** An object read from text, or why it could not be. */
export type ReadObject = { kind: "object"; value: JsonRecord } | { kind: "unreadable"; why: string };

/** Strings first, so that what looks like a comment or a comma inside them stays. */
const tokens = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|,(?=(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*[}\]])/g;

/** Reads a JSON object with comments and trailing commas, which OpenCode 1.18.33 accepts wherever it reads its config. */
export function readJsoncObject(text: string): ReadObject {
  const plain = text.replace(tokens, (token) => (token.startsWith('"') ? token : ""));
  try {
    const value: unknown = JSON.parse(plain);
    if (isRecord(value)) return { kind: "object", value };
    return { kind: "unreadable", why: "it is not a JSON object" };
  } catch (error) {
    return { kind: "unreadable", why: error instanceof Error ? error.message : String(error) };
  }
}
