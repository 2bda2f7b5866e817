/** A JSON merge patch (RFC 7386): null removes, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** Lists that a strategic merge joins by a key; all other lists are replaced (API: patchMergeKey of the types used here). */
const mergeKeys: Record<string, string> = {
  containers: "name",
  initContainers: "name",
  volumes: "name",
  env: "name",
  imagePullSecrets: "name",
  volumeMounts: "mountPath",
  conditions: "type",
  ownerReferences: "uid",
  hostAliases: "ip",
  secrets: "name",
};

/** A strategic merge patch, with `$patch: delete` and `$patch: replace`, for the lists in `mergeKeys` and for `finalizers`. */
export function strategicMerge(target: unknown, patch: unknown, field = ""): unknown {
  if (Array.isArray(patch)) return mergeLists(Array.isArray(target) ? target : [], patch, field);
  if (!isRecord(patch)) return patch;
  if (patch["$patch"] === "replace") return without(patch, "$patch");
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (!key.startsWith("$")) result[key] = strategicMerge(result[key], value, key);
  }
  return result;
}

function mergeLists(target: unknown[], patch: unknown[], field: string): unknown[] {
  if (field === "finalizers") return [...new Set([...target, ...patch])];
  const mergeKey = mergeKeys[field];
  if (mergeKey === undefined) return patch;
  const result = [...target];
  for (const item of patch.filter(isRecord)) {
    const index = result.findIndex((each) => isRecord(each) && each[mergeKey] === item[mergeKey]);
    if (item["$patch"] === "delete") {
      if (index >= 0) result.splice(index, 1);
    } else if (index >= 0) result[index] = strategicMerge(result[index], item);
    else result.push(item);
  }
  return result;
}

function without(record: Record<string, unknown>, key: string): Record<string, unknown> {
  const { [key]: _, ...rest } = record;
  return rest;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
