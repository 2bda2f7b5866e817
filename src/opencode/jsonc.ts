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
    return { kind: "unreadable", why: withoutText(error instanceof Error ? error.message : String(error)) };
  }
}

/** V8 quotes the text around a fault (`…, ..."apiKey": sk-1"... is not valid JSON`): what is quoted may be a secret. */
function withoutText(message: string): string {
  return message.replace(/, (\.\.\.)?".*"(\.\.\.)? is not valid JSON$/s, "");
}
