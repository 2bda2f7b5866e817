import { type FieldError, invalidValue, requiredValue } from "./field-error.ts";
import { configKeyFaults, dnsLabelFaults, dnsSubdomainFaults, labelKeyFaults, labelValueFaults } from "./name-rules.ts";
import type { Draft } from "./objects.ts";

/** Name, labels, annotations and owners of any object. */
export function metadataErrors(draft: Draft, kind: string): FieldError[] {
  const { name = "", labels, annotations, ownerReferences = [] } = draft.metadata ?? {};
  return [
    ...nameErrors(name, kind),
    ...labelErrors("metadata.labels", labels),
    ...annotationErrors(annotations),
    ...ownerReferences.flatMap((owner, index) => [
      ...(owner.apiVersion
        ? []
        : [invalidValue(`metadata.ownerReferences[${index}].apiVersion`, "", "version must not be empty")]),
      ...(owner.kind ? [] : [invalidValue(`metadata.ownerReferences[${index}].kind`, "", "must not be empty")]),
      ...(owner.name ? [] : [invalidValue(`metadata.ownerReferences[${index}].name`, "", "must not be empty")]),
      ...(owner.uid ? [] : [invalidValue(`metadata.ownerReferences[${index}].uid`, "", "must not be empty")]),
    ]),
  ];
}

function nameErrors(name: string, kind: string): FieldError[] {
  if (name === "") return [requiredValue("metadata.name", "name or generateName is required")];
  // RBAC names are path segments only (API: rbac validation).
  if (/^(Cluster)?Role(Binding)?$/.test(kind)) return [];
  const faults = kind === "Namespace" ? dnsLabelFaults(name) : dnsSubdomainFaults(name);
  return faults.map((fault) => invalidValue("metadata.name", name, fault));
}

export function labelErrors(field: string, labels: Record<string, string> | undefined): FieldError[] {
  return Object.entries(labels ?? {})
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([key, value]) => [
      ...labelKeyFaults(key).map((fault) => invalidValue(field, key, fault)),
      ...labelValueFaults(value).map((fault) => invalidValue(field, value, fault)),
    ]);
}

/** All annotations together are bounded, not one (API: TotalAnnotationSizeLimitB). */
const annotationLimit = 256 * 1024;

function annotationErrors(annotations: Record<string, string> = {}): FieldError[] {
  const size = Object.entries(annotations).reduce((sum, pair) => sum + Buffer.byteLength(pair.join("")), 0);
  return [
    ...Object.keys(annotations).flatMap((key) =>
      labelKeyFaults(key.toLowerCase()).map((fault) => invalidValue("metadata.annotations", key, fault)),
    ),
    ...(size > annotationLimit
      ? [
          {
            field: "metadata.annotations",
            reason: "FieldValueTooLong" as const,
            message: `Too long: may not be more than ${annotationLimit} bytes`,
          },
        ]
      : []),
  ];
}

export function dataKeyErrors(data: Record<string, string> | undefined): FieldError[] {
  return Object.keys(data ?? {}).flatMap((key) =>
    configKeyFaults(key).map((fault) => invalidValue(`data[${key}]`, key, fault)),
  );
}
