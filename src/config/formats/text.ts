import { FAILSAFE_SCHEMA, load, YAMLException } from "js-yaml";
import { jsonExcess } from "../../lib/json.ts";

export type Parsed<T> = { ok: true; value: T } | { ok: false; reason: string };

/** What YAML may hold, far above any pod template; the parser takes 0.1 s for the worst text of this length (js-yaml 5.5). */
export const yamlLimits = { characters: 64 * 1024, depth: 40, nodes: 5_000 } as const;

const tooLong: Parsed<never> = { ok: false, reason: `it has more than ${yamlLimits.characters} characters` };

/**
 * Reads YAML or JSON text within `yamlLimits`. Aliases are refused: 30 lines of them are a structure of 2^30 values. With `scalars: "text"` every scalar stays the text it was written as, so that `true` and
 * `1.10` are not changed on their way to a label or a quantity.
 */
export function parseYaml(text: string, scalars: "text" | "typed" = "typed"): Parsed<unknown> {
  const { characters, depth, nodes } = yamlLimits;
  if (text.length > characters) return tooLong;
  try {
    const options = { maxDepth: depth, maxAliases: 0, ...(scalars === "text" ? { schema: FAILSAFE_SCHEMA } : {}) };
    const value = load(text, options);
    const excess = jsonExcess(value, { depth, nodes, characters: Number.POSITIVE_INFINITY });
    return excess === undefined ? { ok: true, value } : { ok: false, reason: `it has more than ${nodes} values` };
  } catch (error) {
    return { ok: false, reason: yamlReason(error) };
  }
}

function yamlReason(error: unknown): string {
  if (!(error instanceof YAMLException)) return String(error);
  const { mark } = error;
  const reason = readableReason(error.reason);
  return mark ? `${reason} in line ${mark.line + 1}, column ${mark.column + 1}` : reason;
}

function readableReason(reason: string): string {
  if (reason.includes("maxAliases")) return "an alias (*name): write what it stands for";
  if (reason.includes("maxDepth")) return `more than ${yamlLimits.depth} levels`;
  return reason.slice(0, 200);
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
  // A longer one is refused by whoever reads it, and cutting it into lines would take its time first.
  return typeof value === "string" && value.length <= yamlLimits.characters && meaningfulLines(value).length === 0;
}

/** `key=value` lines; the value is everything after the first `=`. */
export function parseKeyValueLines(text: string): Parsed<Record<string, string>> {
  if (text.length > yamlLimits.characters) return tooLong;
  const entries: [string, string][] = [];
  for (const line of meaningfulLines(text)) {
    const equals = line.indexOf("=");
    if (equals < 1)
      return { ok: false, reason: `the line ${JSON.stringify(line.slice(0, 80))} has no key before a "="` };
    entries.push([line.slice(0, equals).trim(), line.slice(equals + 1).trim()]);
  }
  return { ok: true, value: Object.fromEntries(entries) };
}
