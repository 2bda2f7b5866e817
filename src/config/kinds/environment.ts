import { longestVariableBytes } from "../../lib/longest-variable.ts";
import { parseEnvLines } from "../formats/env-lines.ts";
import { isEnvName } from "../formats/env-name.ts";
import { describeFound, type Kind, type Refuse } from "./kind.ts";

type Entry = readonly [name: string, value: unknown];

/**
 * Paperclip hands over an object of text, its secret bindings resolved. Its form keeps `{ type: "plain", value }`,
 * other clients send numbers, truths or `NAME=value` lines. Values may be secrets: none of them is ever shown.
 */
export const environmentKind: Kind<Readonly<Record<string, string>>> = {
  accepts: "an object of names and values, or NAME=value lines",
  control: "textarea",
  read(value, refuse) {
    const entries: [string, string][] = [];
    for (const [name, item] of readEntries(value, refuse)) {
      const text = readValue(item);
      if (text === undefined) continue;
      if (!isEnvName(name))
        refuse("a name of letters, digits and _, no digit first", { at: [name], found: describeFound(name) });
      else if (typeof text !== "string") refuse(text.expected, { at: [name], found: text.found });
      else entries.push([name, text]);
      if (typeof text === "string") refuseUnusable(name, text, refuse);
    }
    return Object.fromEntries(entries);
  },
};

function readEntries(value: unknown, refuse: Refuse): readonly Entry[] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return Object.entries(value);
  const parsed = typeof value === "string" ? parseEnvLines(value) : undefined;
  if (parsed?.ok) return parsed.value;
  refuse("an object of names and values, or NAME=value lines", {
    found: parsed ? parsed.reason : describeFound(value),
  });
  return [];
}

function readValue(value: unknown): string | undefined | { expected: string; found: string } {
  if (value === undefined || value === null) return undefined;
  if (["string", "number", "boolean"].includes(typeof value)) return String(value);
  if (typeof value === "object" && "type" in value) {
    if (value.type === "plain" && "value" in value) return readValue(value.value);
    if (value.type === "secret_ref" || value.type === "user_secret_ref") {
      return { expected: "a secret that Paperclip has resolved", found: "a reference to a secret" };
    }
  }
  return { expected: "text", found: Array.isArray(value) ? "a list" : "an object" };
}

function refuseUnusable(name: string, value: string, refuse: Refuse): void {
  if (value.includes("\0")) refuse("a value without NUL characters", { at: [name], found: "a value with one" });
  const bytes = Buffer.byteLength(`${name}=${value}`);
  if (bytes > longestVariableBytes) {
    refuse(`at most ${longestVariableBytes} bytes with its name: Linux takes no more`, {
      at: [name],
      found: `${bytes} bytes`,
    });
  }
}
