import { isRecord } from "./merge-patch.ts";
import { parseQuantity, quantityRule } from "./quantity.ts";

interface TypeRule {
  /** Below a pod's or a pod template's `spec.`, or below the object when `whole`. */
  path: string;
  struct: string;
  type: "string" | "bool" | "int32" | "int64" | `[]${string}` | `map[${string}` | "quantity";
}

/** The fields whose JSON type is checked; others are taken as they come. */
const podRules: readonly TypeRule[] = [
  { path: "containers", struct: "PodSpec", type: "[]v1.Container" },
  { path: "initContainers", struct: "PodSpec", type: "[]v1.Container" },
  { path: "volumes", struct: "PodSpec", type: "[]v1.Volume" },
  { path: "tolerations", struct: "PodSpec", type: "[]v1.Toleration" },
  { path: "nodeSelector", struct: "PodSpec", type: "map[string]string" },
  { path: "nodeSelector.*", struct: "PodSpec", type: "string" },
  { path: "activeDeadlineSeconds", struct: "PodSpec", type: "int64" },
  { path: "terminationGracePeriodSeconds", struct: "PodSpec", type: "int64" },
  { path: "serviceAccountName", struct: "PodSpec", type: "string" },
  { path: "runtimeClassName", struct: "PodSpec", type: "string" },
  ...["containers", "initContainers"].flatMap((list): TypeRule[] => [
    { path: `${list}.image`, struct: "Container", type: "string" },
    { path: `${list}.command`, struct: "Container", type: "[]string" },
    { path: `${list}.args`, struct: "Container", type: "[]string" },
    { path: `${list}.args.#`, struct: "Container", type: "string" },
    { path: `${list}.env`, struct: "Container", type: "[]v1.EnvVar" },
    { path: `${list}.env.name`, struct: "EnvVar", type: "string" },
    { path: `${list}.env.value`, struct: "EnvVar", type: "string" },
    { path: `${list}.volumeMounts`, struct: "Container", type: "[]v1.VolumeMount" },
    { path: `${list}.resources.requests.*`, struct: "ResourceRequirements", type: "quantity" },
    { path: `${list}.resources.limits.*`, struct: "ResourceRequirements", type: "quantity" },
  ]),
];

const metaRules: readonly TypeRule[] = [
  { path: "labels", struct: "ObjectMeta", type: "map[string]string" },
  { path: "labels.*", struct: "ObjectMeta", type: "string" },
  { path: "annotations.*", struct: "ObjectMeta", type: "string" },
];

const jobRules: readonly TypeRule[] = [
  { path: "backoffLimit", struct: "JobSpec", type: "int32" },
  { path: "parallelism", struct: "JobSpec", type: "int32" },
  { path: "completions", struct: "JobSpec", type: "int32" },
  { path: "ttlSecondsAfterFinished", struct: "JobSpec", type: "int32" },
  { path: "activeDeadlineSeconds", struct: "JobSpec", type: "int64" },
  { path: "suspend", struct: "JobSpec", type: "bool" },
];

/** What Go's JSON decoder says of a field with the wrong type; undefined when all is well (seen with 1.34). */
export function decodeFault(kind: string, object: unknown): string | undefined {
  const faults = [
    ...check(object, "metadata", metaRules),
    ...(kind === "Job" ? check(object, "spec", jobRules) : []),
    ...(kind === "Job" ? check(object, "spec.template.metadata", metaRules) : []),
    ...(kind === "Job" ? check(object, "spec.template.spec", podRules) : []),
    ...(kind === "Pod" ? check(object, "spec", podRules) : []),
    ...(kind === "Secret" ? secretFaults(object) : []),
  ];
  return faults[0];
}

function check(object: unknown, root: string, rules: readonly TypeRule[]): string[] {
  return rules.flatMap((rule) => {
    const [last, ...steps] = `${root}.${rule.path}`.split(".").reverse();
    const parents = valuesAt(object, steps.reverse());
    const values = parents.flatMap((parent) => fieldsOf(parent, last ?? ""));
    const path = `${root}.${rule.path}`.replace(/\.[*#]$/, "");
    return values.flatMap((value) => typeFault(value, rule, path));
  });
}

/** Walks down; a list on the way stands for each of its items. */
function valuesAt(value: unknown, steps: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => valuesAt(item, steps));
  const [step, ...rest] = steps;
  if (step === undefined) return [value];
  return isRecord(value) ? valuesAt(value[step], rest) : [];
}

function fieldsOf(parent: unknown, field: string): unknown[] {
  if (field === "*") return isRecord(parent) ? Object.values(parent) : [];
  if (field === "#") return [parent];
  if (!isRecord(parent)) return [];
  return [parent[field]];
}

function typeFault(value: unknown, { type, struct }: TypeRule, path: string): string[] {
  if (value === undefined || value === null) return [];
  if (type === "quantity") return parseQuantity(value) === undefined ? [quantityRule] : [];
  if (isOfType(value, type)) return [];
  const found = Array.isArray(value) ? "array" : isRecord(value) ? "object" : goNames[typeof value];
  const shown = typeof value === "number" && type.startsWith("int") ? `number ${value}` : found;
  return [`json: cannot unmarshal ${shown} into Go struct field ${struct}.${path} of type ${type}`];
}

const goNames: Partial<Record<string, string>> = { string: "string", number: "number", boolean: "bool" };

function isOfType(value: unknown, type: TypeRule["type"]): boolean {
  if (type.startsWith("[]")) return Array.isArray(value);
  if (type.startsWith("map[")) return isRecord(value);
  if (type.startsWith("int")) return Number.isInteger(value);
  return typeof value === (type === "bool" ? "boolean" : "string");
}

function secretFaults(object: unknown): string[] {
  const data = isRecord(object) && isRecord(object["data"]) ? Object.values(object["data"]) : [];
  return data.flatMap((value) => {
    if (typeof value !== "string" || value === "") return [];
    const clean = value.replace(/[\r\n]/g, "");
    const bad = clean.search(/[^A-Za-z0-9+/=]/);
    if (bad >= 0) return [`illegal base64 data at input byte ${bad}`];
    return clean.length % 4 === 0 ? [] : [`illegal base64 data at input byte ${clean.length - (clean.length % 4)}`];
  });
}
