import type { Parsed } from "./text.ts";

/** `NAME=value` lines as Paperclip reads them: the value keeps every character after the first `=`. */
export function parseEnvLines(text: string): Parsed<[string, string][]> {
  const entries: [string, string][] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.trim().startsWith("#")) continue;
    const equals = line.indexOf("=");
    if (equals < 1) return { ok: false, reason: `line ${index + 1} has no "="` };
    entries.push([line.slice(0, equals).trim(), line.slice(equals + 1)]);
  }
  return { ok: true, value: entries };
}
