/** The paths of all values that a podTemplate gives, items of lists as `[]`: `spec.containers[].image`. */
export function templatePaths(value: unknown, path = ""): Set<string> {
  const inner = children(value, path);
  if (inner.length === 0) return new Set(path === "" ? [] : [path]);
  return new Set(inner.flatMap(([at, child]) => [...templatePaths(child, at)]));
}

function children(value: unknown, path: string): [string, unknown][] {
  if (Array.isArray(value)) return value.map((item) => [`${path}[]`, item]);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value)
    .filter(([key]) => key !== "name" || !path.endsWith("[]"))
    .map(([key, item]) => [path === "" ? key : `${path}.${key}`, item]);
}
