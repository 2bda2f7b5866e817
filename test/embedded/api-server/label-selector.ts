import { badRequest } from "./status-error.ts";

export type LabelRequirement =
  | { kind: "in"; key: string; values: readonly string[] }
  | { kind: "not-in"; key: string; values: readonly string[] }
  | { kind: "exists"; key: string }
  | { kind: "not-exists"; key: string };

type Labels = Readonly<Record<string, string>>;

/** Parses `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Throws the server's 400 for anything else. */
export function parseLabelSelector(text: string): LabelRequirement[] {
  const tokens = tokenize(text);
  const requirements: LabelRequirement[] = [];
  while (tokens.length > 0) {
    requirements.push(parseRequirement(tokens));
    const next = tokens.shift();
    if (next === undefined) break;
    if (next !== ",") throw badRequest(`found '${next}', expected: ',' or 'end of string'`);
    if (tokens.length === 0) throw badRequest("found '', expected: identifier after ','");
  }
  return requirements;
}

export function matchesLabels(requirements: readonly LabelRequirement[], labels: Labels = {}): boolean {
  return requirements.every((requirement) => matchesOne(requirement, labels[requirement.key]));
}

/** A missing label satisfies `!=` and `notin` (API: label selectors). */
function matchesOne(requirement: LabelRequirement, value: string | undefined): boolean {
  switch (requirement.kind) {
    case "in":
      return value !== undefined && requirement.values.includes(value);
    case "not-in":
      return value === undefined || !requirement.values.includes(value);
    case "exists":
      return value !== undefined;
    case "not-exists":
      return value === undefined;
  }
}

function tokenize(text: string): string[] {
  return text.match(/==|!=|[=!,()]|[^\s=!,()]+/g) ?? [];
}

function parseRequirement(tokens: string[]): LabelRequirement {
  const first = tokens.shift() ?? "";
  if (first === "!") return { kind: "not-exists", key: tokens.shift() ?? "" };
  if (/^[=!,()]/.test(first)) throw badRequest(`unable to parse requirement: found '${first}', expected: identifier`);
  const operator = tokens[0];
  if (operator === undefined || operator === ",") return { kind: "exists", key: first };
  tokens.shift();
  switch (operator) {
    case "=":
    case "==":
      return { kind: "in", key: first, values: [parseValue(tokens)] };
    case "!=":
      return { kind: "not-in", key: first, values: [parseValue(tokens)] };
    case "in":
      return { kind: "in", key: first, values: parseValues(tokens) };
    case "notin":
      return { kind: "not-in", key: first, values: parseValues(tokens) };
    default:
      throw badRequest(
        `unable to parse requirement: found '${operator}', expected: in, notin, =, ==, !=, gt, lt or end of string`,
      );
  }
}

/** An empty value is allowed: `a=` selects the empty string. */
function parseValue(tokens: string[]): string {
  return tokens.length === 0 || tokens[0] === "," ? "" : (tokens.shift() ?? "");
}

function parseValues(tokens: string[]): string[] {
  const open = tokens.shift();
  if (open !== "(") throw badRequest(`unable to parse requirement: found '${open ?? ""}', expected: '('`);
  const values: string[] = [];
  for (;;) {
    const value = tokens.shift();
    if (value === undefined) throw badRequest("unable to parse requirement: found '', expected: ',' or ')'");
    if (value === ")") return values;
    if (value !== ",") values.push(value);
  }
}
