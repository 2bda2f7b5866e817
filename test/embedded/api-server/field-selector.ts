import type { KubeObject } from "./objects.ts";
import { badRequest } from "./status-error.ts";

export interface FieldRequirement {
  path: string;
  value: string;
  equal: boolean;
}

const everywhere = ["metadata.name", "metadata.namespace"];

/** Fields the API server indexes for selection, beside name and namespace (API: 1.34). */
const supported: Record<string, readonly string[]> = {
  pods: ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase"],
  events: [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
  ],
  jobs: ["status.successful"],
  namespaces: ["status.phase"],
  secrets: ["type"],
};

/** Parses `a.b=c,d!=e`. Throws the server's 400 for a field that cannot be selected by. */
export function parseFieldSelector(resource: string, text: string): FieldRequirement[] {
  return text
    .split(",")
    .filter((part) => part.trim() !== "")
    .map((part) => parsePart(resource, part.trim()));
}

export function matchesFields(requirements: readonly FieldRequirement[], object: KubeObject): boolean {
  return requirements.every(({ path, value, equal }) => (readField(object, path) === value) === equal);
}

function parsePart(resource: string, part: string): FieldRequirement {
  const found = /^(.*?)(!=|==|=)(.*)$/.exec(part);
  const [, path = "", operator = "", value = ""] = found ?? [];
  if (!found) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
  if (!everywhere.includes(path) && !supported[resource]?.includes(path)) {
    throw badRequest(`field label not supported: ${path}`);
  }
  return { path, value, equal: operator !== "!=" };
}

function readField(object: KubeObject, path: string): string {
  let value: unknown = object;
  for (const step of path.split(".")) {
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[step] : undefined;
  }
  return value === undefined || value === null ? "" : String(value);
}
