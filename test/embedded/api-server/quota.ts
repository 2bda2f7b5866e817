import { isFinishedPod, type KubeObject, type PodObject, type PodSpec } from "./objects.ts";
import { parseQuantity } from "./quantity.ts";
import { qualifiedResource, type ResourceType } from "./resource-table.ts";
import { forbidden } from "./status-error.ts";
import type { Store } from "./store.ts";

/** Throws the server's 403 when a ResourceQuota of the namespace has no room for the object. */
export function enforceQuota(store: Store, type: ResourceType, object: KubeObject): void {
  const namespace = object.metadata.namespace ?? "";
  for (const quota of store.list("resourcequotas", namespace)) {
    const hard = Object.entries(quota.spec.hard ?? {}).filter(([key]) => concerns(key, type));
    const unnamed = hard.flatMap(([key]) => unspecified(object, key));
    if (unnamed.length > 0) {
      throw forbidden(
        type,
        object.metadata.name,
        `failed quota: ${quota.metadata.name}: must specify ${unnamed.join("; ")}`,
      );
    }
    const facts = hard.map(([key, limit]) => ({
      key,
      limit,
      asked: demand(object, key),
      used: usage(store, { namespace, type, key }),
    }));
    const over = facts.filter(({ limit, asked, used }) => asked > 0 && used + asked > (parseQuantity(limit) ?? 0));
    if (over.length === 0) continue;
    const list = (pick: (fact: (typeof facts)[number]) => string | number) =>
      over.map((fact) => `${fact.key}=${pick(fact)}`).join(",");
    const text = `exceeded quota: ${quota.metadata.name}, requested: ${list(({ asked }) => asked)}, used: ${list(({ used }) => used)}, limited: ${list(({ limit }) => limit)}`;
    throw forbidden(type, object.metadata.name, text);
  }
}

const podResources = /^(requests|limits)\.(.+)$/;

function concerns(key: string, type: ResourceType): boolean {
  if (key === `count/${qualifiedResource(type)}`) return true;
  if (type.plural === "pods") return key === "pods" || podResources.test(key);
  return key === type.plural;
}

function demand(object: KubeObject, key: string): number {
  const found = podResources.exec(key);
  if (!found) return 1;
  const [, kind = "", name = ""] = found;
  return requested((object as PodObject).spec, kind === "limits" ? "limits" : "requests", name);
}

function usage(store: Store, { namespace, type, key }: { namespace: string; type: ResourceType; key: string }): number {
  const objects = store.list(type.plural, namespace) as KubeObject[];
  const counted =
    type.plural === "pods" && !key.startsWith("count/")
      ? objects.filter((pod) => !isFinishedPod(pod as PodObject))
      : objects;
  return counted.reduce((sum, object) => sum + demand(object, key), 0);
}

export function requested(spec: PodSpec, kind: "requests" | "limits", name: string): number {
  return spec.containers.reduce((sum, { resources }) => sum + (parseQuantity(resources?.[kind]?.[name]) ?? 0), 0);
}

function unspecified(object: KubeObject, key: string): string[] {
  const [, kind, name] = podResources.exec(key) ?? [];
  if (name === undefined) return [];
  const missing = (object as PodObject).spec.containers.filter(
    ({ resources }) => resources?.[kind === "limits" ? "limits" : "requests"]?.[name] === undefined,
  );
  return missing.length === 0 ? [] : [`${key} for: ${missing.map((container) => container.name).join(",")}`];
}
