import { isLabelValue, isQualifiedName } from "../formats/kubernetes-names.ts";
import { isReservedLabel } from "../formats/reserved-labels.ts";
import {
  isCommentary,
  meaningfulLines,
  type Parsed,
  parseKeyValueLines,
  parseYaml,
  yamlLimits,
} from "../formats/text.ts";
import type { Kind, Refuse } from "./kind.ts";

export type KeyValues = Readonly<Record<string, string>>;

/** Labels the adapter puts on a Job and its pod, beside its own. */
export const labelsKind: Kind<KeyValues> = keyValuesKind("labels", (labels, refuse) =>
  checkLabels(labels, (expected, key) => refuse(expected, { at: [key], found: foundIn(labels, key) })),
);

/** The labels a node must have. */
export const nodeSelectorKind: Kind<KeyValues> = keyValuesKind("nodeSelector", (selector, refuse) =>
  checkLabelSyntax(selector, (expected, key) => refuse(expected, { at: [key], found: foundIn(selector, key) })),
);

type RefuseKey = (expected: string, key: string) => void;

/** Labels of ours may not be set, all others must be what Kubernetes takes. */
export function checkLabels(labels: KeyValues, refuse: RefuseKey): void {
  checkLabelSyntax(labels, refuse);
  for (const key of Object.keys(labels).filter(isReservedLabel)) {
    refuse("another key: this label belongs to the adapter or to the Job controller", key);
  }
}

function checkLabelSyntax(labels: KeyValues, refuse: RefuseKey): void {
  for (const [key, value] of Object.entries(labels)) {
    if (!isQualifiedName(key)) refuse("a label key: name or prefix/name, the name up to 63 of A-Z a-z 0-9 - _ .", key);
    if (!isLabelValue(value))
      refuse("a label value: up to 63 of A-Z a-z 0-9 - _ ., a letter or digit at both ends", key);
  }
}

function foundIn(values: KeyValues, key: string): string {
  return JSON.stringify(`${key}=${values[key] ?? ""}`);
}

function keyValuesKind(name: string, check: (values: KeyValues, refuse: Refuse) => void): Kind<KeyValues> {
  return {
    accepts: "key=value lines, or an object",
    control: "textarea",
    isBlank: isCommentary,
    read(value, refuse) {
      const parsed = readKeyValues(value, name);
      if (!parsed.ok) {
        refuse(`key=value pairs, one per line (${parsed.reason})`);
        return {};
      }
      check(parsed.value, refuse);
      return parsed.value;
    },
  };
}

/** Takes an object, `key=value` lines, and YAML or JSON with or without the setting's name above it. */
function readKeyValues(value: unknown, name: string): Parsed<KeyValues> {
  if (typeof value !== "string") return readObject(value);
  if (value.length > yamlLimits.characters || meaningfulLines(value).every((line) => line.includes("=")))
    return parseKeyValueLines(value);
  const yaml = parseYaml(value, "text");
  return yaml.ok ? readObject(withoutHeading(yaml.value, name)) : yaml;
}

function readObject(value: unknown): Parsed<KeyValues> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, reason: "this is no list of pairs" };
  }
  const entries: [string, string][] = [];
  for (const [key, item] of Object.entries(value)) {
    if (!["string", "number", "boolean"].includes(typeof item)) {
      return { ok: false, reason: `the value of ${key.slice(0, 80)} is not text` };
    }
    entries.push([key, String(item)]);
  }
  return { ok: true, value: Object.fromEntries(entries) };
}

/** `resources:` and the like above the value itself: documentation shows it so, and people paste it so. */
export function withoutHeading(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === name ? (value as Record<string, unknown>)[name] : value;
}
