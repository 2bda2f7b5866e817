import { FAILSAFE_SCHEMA, load, YAMLException } from "js-yaml";

export type Parsed<T> = { ok: true; value: T } | { ok: false; reason: string };

/**
 * Reads YAML or JSON text. With `scalars: "text"` every scalar stays the text it was written as, so that `true` and
 * `1.10` are not changed on their way to a label or a quantity.
 */
export function parseYaml(text: string, scalars: "text" | "typed" = "typed"): Parsed<unknown> {
  try {
    return { ok: true, value: load(text, scalars === "text" ? { schema: FAILSAFE_SCHEMA } : {}) };
  } catch (error) {
    return { ok: false, reason: yamlReason(error) };
  }
}

function yamlReason(error: unknown): string {
  if (!(error instanceof YAMLException)) return String(error);
  const { mark } = error;
  return mark ? `${error.reason} in line ${mark.line + 1}, column ${mark.column + 1}` : error.reason;
}

/** The lines that say something: no blank ones, no comments. */
export function meaningfulLines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Text of comments and blank lines alone, as an operator leaves who takes a value out for a while. */
export function isCommentary(value: unknown): boolean {
  return typeof value === "string" && meaningfulLines(value).length === 0;
}

/** `key=value` lines; the value is everything after the first `=`. */
export function parseKeyValueLines(text: string): Parsed<Record<string, string>> {
  const entries: [string, string][] = [];
  for (const line of meaningfulLines(text)) {
    const equals = line.indexOf("=");
    if (equals < 1) return { ok: false, reason: `the line ${JSON.stringify(line)} has no key before a "="` };
    entries.push([line.slice(0, equals).trim(), line.slice(equals + 1).trim()]);
  }
  return { ok: true, value: Object.fromEntries(entries) };
}
