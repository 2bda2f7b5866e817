import { isObject } from "../../lib/json-object.ts";
import { isQualifiedName } from "../formats/kubernetes-names.ts";
import { compareQuantities } from "../formats/quantity.ts";
import { isCommentary, parseYaml } from "../formats/text.ts";
import { amountExpected } from "./amount.ts";
import { withoutHeading } from "./key-values.ts";
import { describeFound, isUnset, type Kind, type Refuse } from "./kind.ts";

type Amounts = Readonly<Record<string, string>>;
export interface Resources {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/**
 * Nodes whose kubelet does not measure its disk offer no ephemeral storage at all, and a limit without a request counts as
 * one (seen with Kubernetes 1.34): only a request of 0 is scheduled everywhere.
 */
export const defaultResources: Resources = {
  requests: { cpu: "1000m", memory: "2Gi", "ephemeral-storage": "0" },
  limits: { cpu: "4000m", memory: "8Gi", "ephemeral-storage": "20Gi" },
};

const sides = ["requests", "limits"] as const;
const shape = "an object with requests and limits";

export const resourcesKind: Kind<Resources> = {
  accepts: "an object with requests and limits, as YAML or JSON text too",
  control: "textarea",
  isBlank: isCommentary,
  read(value, refuse) {
    const written = readShape(value, refuse);
    const given = {
      requests: readAmounts("requests", written, refuse),
      limits: readAmounts("limits", written, refuse),
    };
    refuseAboveLimit(given, refuse);
    return {
      requests: withoutRemoved({ ...defaultRequestsWithin(given.limits), ...given.requests }),
      limits: withoutRemoved({ ...defaultResources.limits, ...given.limits }),
    };
  },
};

/** `null` takes a default away: the container then has no such request or limit. */
type Given = Readonly<Record<string, string | null>>;

function withoutRemoved(given: Given): Amounts {
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== null));
}

/** `none` is what a form can say; the others are how YAML and JSON write null. */
function isRemoval(amount: unknown): boolean {
  return amount === null || (typeof amount === "string" && /^(none|null|~)$/i.test(amount.trim()));
}

/** A default request above a limit that was set gives way to it, as Kubernetes takes the limit for a missing request. */
function defaultRequestsWithin(limits: Given): Amounts {
  const entries = Object.entries(defaultResources.requests).map(([name, request]) => {
    const limit = limits[name];
    return [name, limit && compareQuantities(request, limit) > 0 ? limit : request] as const;
  });
  return Object.fromEntries(entries);
}

function readShape(value: unknown, refuse: Refuse): Record<string, unknown> {
  let found = value;
  if (typeof value === "string") {
    const parsed = parseYaml(value, "text");
    if (!parsed.ok) refuse(`${shape} in YAML (${parsed.reason})`);
    found = parsed.ok ? withoutHeading(parsed.value, "resources") : {};
  }
  if (!isObject(found)) {
    refuse(shape);
    return {};
  }
  for (const key of Object.keys(found)) {
    if (key !== "requests" && key !== "limits")
      refuse(`requests or limits as the name: ${describeFound(key)} can stand under one of them`, {
        at: [key],
        found: describeFound(key),
      });
  }
  return found;
}

function readAmounts(side: (typeof sides)[number], given: Record<string, unknown>, refuse: Refuse): Given {
  const amounts = given[side] ?? {};
  if (!isObject(amounts)) {
    refuse("an object of resource names and amounts", { at: [side] });
    return {};
  }
  const entries: [string, string | null][] = [];
  for (const [name, amount] of Object.entries(amounts)) {
    const removed = isRemoval(amount);
    if (isUnset(amount) && !removed) continue;
    const text = typeof amount === "number" || typeof amount === "string" ? String(amount).trim() : "";
    const expected = removed ? undefined : amountExpected(name, text);
    if (!isQualifiedName(name))
      refuse("the name of a resource, such as cpu or nvidia.com/gpu", { at: [side, name], found: describeFound(name) });
    else if (expected !== undefined) refuse(expected, { at: [side, name], found: describeFound(amount) });
    else entries.push([name, removed ? null : text]);
  }
  return Object.fromEntries(entries);
}

function refuseAboveLimit({ requests, limits }: { requests: Given; limits: Given }, refuse: Refuse): void {
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name] === undefined ? defaultResources.limits[name] : limits[name];
    if (!limit || request === null || compareQuantities(request, limit) <= 0) continue;
    const advice =
      limits[name] === undefined
        ? `at most the default limit, ${limit}: set resources.limits.${name} too, or ask for less`
        : `at most the limit, ${limit}: raise resources.limits.${name}, or ask for less`;
    refuse(advice, { at: ["requests", name], found: request });
  }
}

/**
 * Joins `resources` with the flat keys that Paperclip's form saves, such as `resources.requests.cpu`. A flat key is the
 * later and narrower word, so it wins. Text that cannot be read is left for the reader to refuse.
 */
export function joinDottedResources(raw: Readonly<Record<string, unknown>>): unknown {
  const base = typeof raw["resources"] === "string" ? textAsObject(raw["resources"]) : raw["resources"];
  const dotted = sides.flatMap((side) => {
    const prefix = `resources.${side}.`;
    return Object.entries(raw)
      .filter(([key, value]) => key.startsWith(prefix) && !isUnset(value))
      .map(([key, value]) => ({ side, name: key.slice(prefix.length), value }));
  });
  if (dotted.length === 0) return raw["resources"];
  if (base !== undefined && base !== null && !isObject(base)) return base;
  const joined: Record<string, unknown> = { ...base };
  for (const { side, name, value } of dotted) {
    const amounts = joined[side];
    if (amounts === undefined || isObject(amounts)) joined[side] = { ...amounts, [name]: value };
  }
  return joined;
}

function textAsObject(text: string): unknown {
  if (isCommentary(text)) return undefined;
  const parsed = parseYaml(text, "text");
  const value = parsed.ok ? withoutHeading(parsed.value, "resources") : text;
  return isObject(value) ? value : text;
}
