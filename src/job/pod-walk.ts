import { isObject, type JsonObject } from "../lib/json-object.ts";

/** A part of a pod with the place where it stands, as a podTemplate writes it: `spec.containers[opencode]`. */
export interface Placed {
  at: string;
  value: JsonObject;
}

export const containerLists = ["containers", "initContainers", "ephemeralContainers"] as const;

export function child(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isObject(value) ? value : {};
}

export function items(object: JsonObject, key: string): JsonObject[] {
  const value = object[key];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Every container of a pod, of whatever kind. */
export function containersOf(spec: JsonObject): Placed[] {
  return containerLists.flatMap((list) => placedItems(spec, list, `spec.${list}`));
}

export function volumesOf(spec: JsonObject): Placed[] {
  return placedItems(spec, "volumes", "spec.volumes");
}

function placedItems(object: JsonObject, key: string, at: string): Placed[] {
  return items(object, key).map((value) => ({ at: `${at}[${String(value["name"])}]`, value }));
}
