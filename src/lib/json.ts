/** How far a JSON value may go. */
export interface JsonLimits {
  /** Levels of objects and lists: 1 is a list of plain values. */
  depth: number;
  /** Values, those inside of others too. */
  nodes: number;
  /** Characters of all texts and keys together. */
  characters: number;
}

/** Which limit a value is over, and by how much it may go. */
export interface JsonExcess {
  what: keyof JsonLimits;
  limit: number;
}

/**
 * Whether a value is over a limit, and over which. It walks without calling itself: 5,000 levels are enough to make
 * `JSON.stringify` and every other recursive reader throw a RangeError (Node 24). It stops at the first excess, so a
 * value that contains itself has an end too.
 */
export function jsonExcess(value: unknown, limits: JsonLimits): JsonExcess | undefined {
  const waiting: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  const excess = (what: keyof JsonLimits): JsonExcess => ({ what, limit: limits[what] });
  let nodes = 0;
  let characters = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { texts, inner } = partsOf(next.value);
    const depth = next.depth + (inner === undefined ? 0 : 1);
    nodes += 1;
    if (depth > limits.depth) return excess("depth");
    if (nodes + waiting.length + (inner?.length ?? 0) > limits.nodes) return excess("nodes");
    for (const text of texts) characters += text.length;
    if (characters > limits.characters) return excess("characters");
    for (const part of inner ?? []) waiting.push({ value: part, depth });
  }
  return undefined;
}

/** The texts of a value itself, and what is inside of it; `inner` is undefined for a plain value. */
function partsOf(value: unknown): { texts: readonly string[]; inner?: readonly unknown[] } {
  if (typeof value === "string") return { texts: [value] };
  if (Array.isArray(value)) return { texts: [], inner: value };
  if (typeof value !== "object" || value === null) return { texts: [] };
  return { texts: Object.keys(value), inner: Object.values(value) };
}

/** What stands in place of a part that is left out. */
const leftOut = "[left out: too large]";

/**
 * The value as it is while it keeps to the limits, else a copy in which what goes too deep, and what comes after too
 * many values, is left out. Texts keep their length: `characters` is not applied.
 */
export function boundedJson(value: unknown, limits: Omit<JsonLimits, "characters">): unknown {
  if (jsonExcess(value, { ...limits, characters: Number.POSITIVE_INFINITY }) === undefined) return value;
  let nodes = 0;
  const copy = (part: unknown, depth: number): unknown => {
    nodes += 1;
    if (typeof part !== "object" || part === null) return part;
    if (depth >= limits.depth || nodes > limits.nodes) return leftOut;
    if (Array.isArray(part)) return part.slice(0, limits.nodes).map((inner) => copy(inner, depth + 1));
    const kept = Object.entries(part).slice(0, limits.nodes);
    return Object.fromEntries(kept.map(([key, inner]) => [key, copy(inner, depth + 1)]));
  };
  return copy(value, 0);
}
