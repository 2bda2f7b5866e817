import { loadAll } from "js-yaml";
import { isRecord, mergePatch } from "./merge-patch.ts";
import { changeObject, createObject } from "./object-api.ts";
import type { Draft, KubeObject } from "./objects.ts";
import { resourceOfKind } from "./resource-table.ts";
import type { Store } from "./store.ts";

/** Creates the objects, or merges them over those that are there, as an administrator would with `kubectl apply`. */
export function applyObjects(store: Store, source: string | Draft | readonly Draft[], namespace: string): KubeObject[] {
  return readDrafts(source).map((draft) => applyOne(store, draft, namespace));
}

function readDrafts(source: string | Draft | readonly Draft[]): Draft[] {
  const documents: unknown[] =
    typeof source === "string" ? [...loadAll(source)] : Array.isArray(source) ? [...source] : [source];
  return documents.filter(isRecord).flatMap((document): Draft[] => {
    if (document["kind"] === "List" && Array.isArray(document["items"])) return document["items"].filter(isRecord);
    return [document];
  });
}

function applyOne(store: Store, draft: Draft, fallback: string): KubeObject {
  const type = resourceOfKind(draft.apiVersion ?? "", draft.kind ?? "");
  if (!type) throw new Error(`the embedded cluster does not serve ${draft.apiVersion} ${draft.kind}`);
  const namespace = type.namespaced ? (draft.metadata?.namespace ?? fallback) : "";
  const name = draft.metadata?.name ?? "";
  const known = name ? (store.get(type.plural, { namespace, name }) as KubeObject | undefined) : undefined;
  if (!known) return createObject(store, { type, namespace, dryRun: false }, draft).object;
  const target = { type, namespace, name, subresource: "", dryRun: false };
  return changeObject(store, target, { kind: "merge", body: mergePatch({}, draft) });
}
