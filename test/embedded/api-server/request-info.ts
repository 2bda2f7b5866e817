import type { Access } from "./rbac.ts";
import { findResource, hasGroupVersion, type ResourceType } from "./resource-table.ts";

/** A request as the authorizer, the fault rules and the handlers see it. */
export interface RequestInfo extends Access {
  method: string;
  path: string;
  query: URLSearchParams;
  /** False for /version, /readyz and the like. */
  isResource: boolean;
  type: ResourceType | undefined;
  /** False when no group and version of that name exists at all. */
  knownGroup: boolean;
}

export function readRequestInfo(method: string, url: string): RequestInfo {
  const { pathname, searchParams } = new URL(url, "http://embedded");
  const parts = pathname.split("/").filter(Boolean).map(decodeURIComponent);
  const base = { method, path: pathname, query: searchParams };
  const isCore = parts[0] === "api" && parts.length >= 3;
  const isGroup = parts[0] === "apis" && parts.length >= 4;
  if (!isCore && !isGroup) {
    const nothing = { group: "", resource: "", subresource: "", namespace: "", name: "" };
    return { ...base, ...nothing, verb: method.toLowerCase(), isResource: false, type: undefined, knownGroup: false };
  }
  const [group = "", version = ""] = isCore ? ["", parts[1]] : [parts[1], parts[2]];
  const target = readTarget(parts.slice(isCore ? 2 : 3));
  return {
    ...base,
    ...target,
    name: target.name || nameFromFieldSelector(searchParams),
    group,
    verb: verbOf(method, target.name, searchParams),
    isResource: true,
    type: findResource(group, version, target.resource),
    knownGroup: hasGroupVersion(group, version),
  };
}

type Target = Pick<RequestInfo, "namespace" | "resource" | "name" | "subresource">;

function readTarget(parts: string[]): Target {
  const [first = "", second = "", third, fourth = "", fifth = ""] = parts;
  const own = ["status", "finalize"];
  if (first === "namespaces" && third !== undefined && !own.includes(third)) {
    return { namespace: second, resource: third, name: fourth, subresource: fifth };
  }
  // A namespace is authorised as inside itself (seen with 1.34).
  const namespace = first === "namespaces" ? second : "";
  return { namespace, resource: first, name: second, subresource: third ?? "" };
}

/** A list or watch of one name is authorised with that name (API: RequestInfo). */
function nameFromFieldSelector(query: URLSearchParams): string {
  return /(?:^|,)metadata\.name==?([^,]+)/.exec(query.get("fieldSelector") ?? "")?.[1] ?? "";
}

function verbOf(method: string, name: string, query: URLSearchParams): string {
  switch (method) {
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return name ? "delete" : "deletecollection";
    default:
      if (isTrue(query.get("watch"))) return "watch";
      return name ? "get" : "list";
  }
}

export function isTrue(value: string | null): boolean {
  return value === "true" || value === "1" || value === "";
}
