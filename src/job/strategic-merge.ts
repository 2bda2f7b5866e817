import { isObject, type JsonObject } from "../lib/json-object.ts";

/** A field of an object: how a list in it is merged, and what its objects hold. A list without keys is one value. */
export interface MergeRule {
  /** What tells the items apart; the first must be given. */
  keys?: readonly string[];
  /** Fields of an object that exclude each other: one that is given takes the place of another that was there. */
  oneOf?: readonly string[];
  fields?: Readonly<Record<string, MergeRule>>;
}

export type StrategicMerge =
  | { kind: "merged"; value: JsonObject }
  /** The patch itself cannot be understood. */
  | { kind: "malformed"; problems: string[] };

/**
 * Merges as `kubectl patch --type=strategic` does: objects field by field, `null` removes, lists by their keys with new
 * items in front, `$patch: replace` and `$patch: delete`, `$retainKeys`.
 *
 * kubectl leaves directives in objects that are new as they are, or drops the object; here they mean the same everywhere.
 * And where kubectl would join fields that exclude each other, which no API server takes, the given one counts.
 */
export function strategicMerge(original: JsonObject, patch: JsonObject, rule: MergeRule): StrategicMerge {
  const problems: string[] = [];
  const value = mergeObject(original, patch, { rule, path: "", problems });
  return problems.length > 0 ? { kind: "malformed", problems } : { kind: "merged", value };
}

interface Place {
  rule: MergeRule;
  path: string;
  problems: string[];
}

function mergeObject(original: JsonObject, patch: JsonObject, place: Place): JsonObject {
  const { $patch: directive, $retainKeys: retained, ...fields } = patch;
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "replace")
    complain(place, `$patch: ${directive}, only replace or delete`);
  const kept = directive === "replace" ? {} : retainKeys(original, { retained, fields }, place);
  const merged = new Map(Object.entries(kept));
  for (const [key, value] of Object.entries(fields)) {
    const inner = { ...place, rule: place.rule.fields?.[key] ?? {}, path: place.path ? `${place.path}.${key}` : key };
    if (key.startsWith("$")) complain(inner, "this directive is not known");
    else if (value === null || (isObject(value) && value["$patch"] === "delete" && !merged.has(key)))
      merged.delete(key);
    else merged.set(key, mergeValue(merged.get(key), value, inner));
  }
  for (const key of displacedBy(fields, place.rule)) merged.delete(key);
  return Object.fromEntries(merged);
}

function displacedBy(fields: JsonObject, { oneOf = [] }: MergeRule): string[] {
  const isGiven = (key: string) => fields[key] !== undefined && fields[key] !== null;
  return oneOf.some(isGiven) ? oneOf.filter((key) => !isGiven(key)) : [];
}

function retainKeys(
  original: JsonObject,
  { retained, fields }: { retained: unknown; fields: JsonObject },
  place: Place,
): JsonObject {
  if (retained === undefined) return original;
  if (!Array.isArray(retained)) {
    complain(place, "$retainKeys must be a list of names");
    return original;
  }
  const lost = Object.keys(fields).filter((key) => !retained.includes(key));
  if (lost.length > 0) complain(place, `$retainKeys leaves out ${lost.join(", ")}, which is given`);
  return Object.fromEntries(Object.entries(original).filter(([key]) => retained.includes(key)));
}

function mergeValue(original: unknown, patch: unknown, place: Place): unknown {
  if (Array.isArray(patch)) {
    return place.rule.keys
      ? mergeList(Array.isArray(original) ? original : [], patch, { ...place, keys: place.rule.keys })
      : patch.map((item) => wholeItem(item, place));
  }
  return isObject(patch) ? mergeObject(isObject(original) ? original : {}, patch, place) : patch;
}

/** An item of a list that is replaced as a whole. */
function wholeItem(item: unknown, place: Place): unknown {
  if (!isObject(item)) return item;
  if ("$patch" in item) complain(place, "$patch has no meaning here: the list is always replaced as a whole");
  return mergeObject({}, item, { ...place, rule: {} });
}

function mergeList(
  original: readonly unknown[],
  patch: readonly unknown[],
  place: Place & { keys: readonly string[] },
) {
  const [first = ""] = place.keys;
  const given = patch.filter(isObject);
  if (given.length < patch.length) complain(place, "only objects can stand in this list");
  const replaces = given.some((item) => item["$patch"] === "replace");
  const items = given.filter((item) => !("$patch" in item) || item["$patch"] === "delete");
  if (given.some((item) => "$patch" in item && item["$patch"] !== "replace" && item["$patch"] !== "delete")) {
    complain(place, "$patch can be replace or delete");
  }
  if (items.some((item) => item[first] === undefined)) complain(place, `every item needs its ${first}`);
  const identity = (item: unknown) =>
    JSON.stringify(place.keys.map((key) => (isObject(item) ? item[key] : null) ?? null));
  const deleted = new Set(items.filter((item) => "$patch" in item).map(identity));
  const kept = replaces ? [] : original.filter((item) => !deleted.has(identity(item)));
  const changes = items.filter((item) => !("$patch" in item));

  const merged = new Map(kept.map((item) => [identity(item), item]));
  for (const change of changes) {
    const id = identity(change);
    const before = merged.get(id);
    const inner = { ...place, path: `${place.path}[${String(change[first])}]` };
    merged.set(id, mergeObject(isObject(before) ? before : {}, change, inner));
  }
  return inOrder(kept.map(identity), changes.map(identity)).map((id) => merged.get(id));
}

/**
 * The given items in their order and the others in theirs; where both were there before, the old order decides between
 * them, else the given one goes first (Kubernetes 1.34, `mergeSortedSlice`).
 */
function inOrder(before: readonly string[], given: readonly string[]): string[] {
  const right = [...new Set(given)];
  const left = before.filter((id) => !right.includes(id));
  const ordered: string[] = [];
  for (const id of right) {
    const at = before.indexOf(id);
    while (left[0] !== undefined && at !== -1 && before.indexOf(left[0]) < at) ordered.push(left.shift() ?? "");
    ordered.push(id);
  }
  return [...ordered, ...left];
}

function complain({ path, problems }: Place, what: string): void {
  problems.push(path === "" ? what : `${path}: ${what}`);
}
