import type { Resource } from "./cluster.ts";

/** Group and version of each resource this program speaks of, and whether it lives in a namespace (API: 1.25 to 1.34). */
const served: Record<Resource, { group: string; version: string; namespaced: boolean }> = {
  jobs: { group: "batch", version: "v1", namespaced: true },
  pods: { group: "", version: "v1", namespaced: true },
  secrets: { group: "", version: "v1", namespaced: true },
  persistentvolumeclaims: { group: "", version: "v1", namespaced: true },
  namespaces: { group: "", version: "v1", namespaced: false },
  events: { group: "", version: "v1", namespaced: true },
  selfsubjectaccessreviews: {
    group: "authorization.k8s.io",
    version: "v1",
    namespaced: false,
  },
};

/** The path of a collection, or of one object in it. */
export function pathOf(resource: Resource, namespace: string, name?: string): string {
  const { group, version, namespaced } = served[resource];
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespaced ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${root}${scope}/${resource}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
}

/** A query string with its question mark, without the parameters that are undefined. */
export function queryOf(parameters: Record<string, string | number | boolean | undefined>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== undefined) query.set(key, String(value));
  }
  return query.size === 0 ? "" : `?${query}`;
}
