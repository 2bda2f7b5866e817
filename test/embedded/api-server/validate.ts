import { isDeepStrictEqual } from "node:util";
import { type FieldError, invalidValue, requiredValue, tooLong, unsupportedValue } from "./field-error.ts";
import type { ClaimObject, JobObject, KubeObject, PodObject, SecretObject } from "./objects.ts";
import { jobErrors, jobUpdateErrors } from "./validate-job.ts";
import { dataKeyErrors, metadataErrors } from "./validate-metadata.ts";
import { podSpecErrors } from "./validate-pod.ts";

/** A Secret's or ConfigMap's values together (API: MaxSecretSize). */
const dataLimit = 1024 * 1024;

/** Everything the server refuses of an object as it stands. */
export function objectErrors(object: KubeObject): FieldError[] {
  return [...metadataErrors(object, object.kind), ...kindErrors(object)];
}

function kindErrors(object: KubeObject): FieldError[] {
  switch (object.kind) {
    case "Pod":
      return podSpecErrors((object as PodObject).spec ?? { containers: [] }, "spec");
    case "Job":
      return jobErrors(object as JobObject);
    case "Secret":
      return [...dataKeyErrors((object as SecretObject).data), ...sizeErrors(secretSize(object as SecretObject))];
    case "ConfigMap":
      return [...dataKeyErrors((object as SecretObject).data), ...sizeErrors(configMapSize(object))];
    case "PersistentVolumeClaim":
      return claimErrors(object as ClaimObject);
    default:
      return [];
  }
}

/** What the server refuses of a change. */
export function updateErrors(next: KubeObject, previous: KubeObject): FieldError[] {
  return [
    ...(next.metadata.uid === previous.metadata.uid
      ? []
      : [invalidValue("metadata.uid", next.metadata.uid, "field is immutable")]),
    ...objectErrors(next),
    ...immutableErrors(next, previous),
  ];
}

function immutableErrors(next: KubeObject, previous: KubeObject): FieldError[] {
  if (next.kind === "Job") return jobUpdateErrors(next as JobObject, previous as JobObject);
  if (next.kind === "Pod" && !isDeepStrictEqual(frozen(next as PodObject), frozen(previous as PodObject))) {
    const detail =
      "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
    return [{ field: "spec", reason: "FieldValueForbidden", message: `Forbidden: ${detail}` }];
  }
  if (next.kind === "Secret" && previous["immutable"] === true && !isDeepStrictEqual(next["data"], previous["data"])) {
    return [
      {
        field: "data",
        reason: "FieldValueForbidden",
        message: "Forbidden: field is immutable when `immutable` is set",
      },
    ];
  }
  return [];
}

function frozen({ spec }: PodObject): object {
  const { activeDeadlineSeconds: _, tolerations: __, containers, ...rest } = spec;
  return { ...rest, containers: containers.map(({ image: ___, ...container }) => container) };
}

function secretSize({ data = {} }: SecretObject): number {
  return Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value, "base64"), 0);
}

function configMapSize(object: KubeObject): number {
  const data = (object["data"] ?? {}) as Record<string, string>;
  return Object.entries(data).reduce((sum, pair) => sum + Buffer.byteLength(pair.join("")), 0);
}

function sizeErrors(bytes: number): FieldError[] {
  return bytes > dataLimit ? [tooLong("data", dataLimit)] : [];
}

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

function claimErrors({ spec }: ClaimObject): FieldError[] {
  const modes = spec?.accessModes ?? [];
  return [
    ...(modes.length === 0 ? [requiredValue("spec.accessModes", "at least 1 access mode is required")] : []),
    ...modes
      .filter((mode) => !accessModes.includes(mode))
      .map((mode) => unsupportedValue("spec.accessModes", mode, accessModes)),
    ...(spec?.resources?.requests?.["storage"] === undefined ? [requiredValue("spec.resources[storage]")] : []),
  ];
}
