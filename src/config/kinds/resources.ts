import { isObject } from "../../lib/json-object.ts";
import { isQualifiedName } from "../formats/kubernetes-names.ts";
import { compareQuantities, isQuantity } from "../formats/quantity.ts";
import { isCommentary, parseYaml } from "../formats/text.ts";
import { withoutHeading } from "./key-values.ts";
import { describeFound, isUnset, type Kind, type Refuse } from "./kind.ts";
import { quantityExpected } from "./scalars.ts";

type Amounts = Readonly<Record<string, string>>;
export interface Resources {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

export const defaultResources: Resources = {
  requests: { cpu: "1000m", memory: "2Gi" },
  limits: { cpu: "4000m", memory: "8Gi" },
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
      requests: { ...defaultRequestsWithin(given.limits), ...given.requests },
      limits: { ...defaultResources.limits, ...given.limits },
    };
  },
};

/** A default request above a limit that was set gives way to it, as Kubernetes takes the limit for a missing request. */
function defaultRequestsWithin(limits: Amounts): Amounts {
  const entries = Object.entries(defaultResources.requests).map(([name, request]) => {
    const limit = limits[name];
    return [name, limit !== undefined && compareQuantities(request, limit) > 0 ? limit : request] as const;
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
    if (key !== "requests" && key !== "limits") refuse("requests or limits as the name", { at: [key], found: key });
  }
  return found;
}

function readAmounts(side: (typeof sides)[number], given: Record<string, unknown>, refuse: Refuse): Amounts {
  const amounts = given[side] ?? {};
  if (!isObject(amounts)) {
    refuse("an object of resource names and amounts", { at: [side] });
    return {};
  }
  const entries: [string, string][] = [];
  for (const [name, amount] of Object.entries(amounts)) {
    if (isUnset(amount)) continue;
    const text = typeof amount === "number" ? String(amount) : amount;
    if (!isQualifiedName(name))
      refuse("the name of a resource, such as cpu or nvidia.com/gpu", { at: [side, name], found: name });
    else if (typeof text !== "string" || !isQuantity(text.trim())) {
      refuse(quantityExpected, { at: [side, name], found: describeFound(amount) });
    } else entries.push([name, text.trim()]);
  }
  return Object.fromEntries(entries);
}

function refuseAboveLimit({ requests, limits }: Resources, refuse: Refuse): void {
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name] ?? defaultResources.limits[name];
    if (limit === undefined || compareQuantities(request, limit) <= 0) continue;
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
