import { admit, charge } from "./admission.ts";
import { decodeFault } from "./decode.ts";
import { withDefaults } from "./defaults.ts";
import { removeIfReleased } from "./deletion.ts";
import { unsupportedValue } from "./field-error.ts";
import { isRecord, mergePatch, strategicMerge } from "./merge-patch.ts";
import type { Draft, KubeObject, ObjectRef } from "./objects.ts";
import { generatedName } from "./random-name.ts";
import { apiVersionOf, type ResourceType } from "./resource-table.ts";
import { alreadyExists, badRequest, changedUnderUs, invalid, notFound, StatusError } from "./status-error.ts";
import { completeMeta, type Store } from "./store.ts";
import { objectErrors, updateErrors } from "./validate.ts";

export interface Created {
  object: KubeObject;
  warnings: string[];
}

export interface WriteTarget {
  type: ResourceType;
  namespace: string;
  dryRun: boolean;
}

/** Takes in a new object as the server does: decode, defaults, admission, validation, quota, store. */
export function createObject(store: Store, { type, namespace, dryRun }: WriteTarget, body: unknown): Created {
  const draft = readDraft(type, body);
  const stated = draft.metadata?.namespace;
  if (type.namespaced && stated && stated !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  const complete = withDefaults(completeMeta(withIdentity(draft, type, namespace)));
  const { object, warnings } = admit(store, type, complete);
  const errors = objectErrors(object);
  if (errors.length > 0) throw invalid(type, object.metadata.name, errors);
  if (store.get(type.plural, { namespace: object.metadata.namespace ?? "", name: object.metadata.name })) {
    throw alreadyExists(type, object.metadata.name);
  }
  charge(store, type, object);
  if (dryRun) return { object: withoutVersion(object), warnings };
  return { object: store.create(type.plural, object) as KubeObject, warnings };
}

function readDraft(type: ResourceType, body: unknown): Draft {
  if (!isRecord(body)) throw badRequest(`the object provided is unrecognized (must be of type ${type.kind})`);
  const draft = body as Draft;
  const apiVersion = apiVersionOf(type);
  if ((draft.kind ?? type.kind) !== type.kind || (draft.apiVersion ?? apiVersion) !== apiVersion) {
    const message = `${draft.kind} in version "${type.version}" cannot be handled as a ${type.kind}: converting (v1.${draft.kind}) to (core.${type.kind}): unknown conversion`;
    throw badRequest(message);
  }
  const fault = decodeFault(type.kind, body);
  if (fault)
    throw badRequest(`${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${fault}`);
  return draft;
}

function withIdentity(draft: Draft, type: ResourceType, namespace: string): Draft {
  const { name, generateName, ...metadata } = draft.metadata ?? {};
  return {
    ...draft,
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: {
      ...metadata,
      name: name || (generateName ? generatedName(generateName) : ""),
      ...(generateName === undefined ? {} : { generateName }),
      ...(type.namespaced ? { namespace } : {}),
    },
  };
}

function withoutVersion(object: KubeObject): KubeObject {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata: metadata as KubeObject["metadata"] };
}

export type PatchKind = "merge" | "strategic";

export function patchKindOf(contentType: string | undefined): PatchKind {
  const type = contentType?.split(";")[0]?.trim();
  if (type === "application/merge-patch+json") return "merge";
  if (type === "application/strategic-merge-patch+json") return "strategic";
  throw new StatusError(415, "415: Unsupported Media Type", { reason: "UnsupportedMediaType" });
}

/** Applies a patch or, with kind "replace", a whole object. */
export function changeObject(
  store: Store,
  target: WriteTarget & { name: string; subresource: string },
  change: { kind: PatchKind | "replace"; body: unknown },
): KubeObject {
  const { type, name, subresource, dryRun } = target;
  const ref: ObjectRef = { namespace: type.namespaced ? target.namespace : "", name };
  const previous = store.get(type.plural, ref) as KubeObject | undefined;
  if (!previous) throw notFound(type, name);
  const next = normalised(merged(previous, change), previous, subresource);
  if (next.metadata.resourceVersion !== previous.metadata.resourceVersion) throw changedUnderUs(type, name);
  const fault = decodeFault(type.kind, next);
  if (fault) {
    const cause = {
      field: "patch",
      reason: "FieldValueInvalid" as const,
      message: `Invalid value: ${JSON.stringify(JSON.stringify(next))}: ${fault}`,
    };
    throw invalid({ group: "", kind: "" }, "", [cause]);
  }
  const errors = subresource === "status" ? [] : updateErrors(next, previous);
  if (errors.length > 0) throw invalid(type, name, errors);
  if (dryRun) return next;
  const stored = store.update(type.plural, ref, (draft: KubeObject) => Object.assign(draft, next)) as KubeObject;
  removeIfReleased(store, type.plural, stored);
  return stored;
}

function merged(previous: KubeObject, { kind, body }: { kind: PatchKind | "replace"; body: unknown }): KubeObject {
  if (kind === "strategic") return strategicMerge(previous, body) as KubeObject;
  if (kind === "merge") return mergePatch(previous, body) as KubeObject;
  const draft = body as KubeObject;
  const version = draft.metadata?.resourceVersion ?? previous.metadata.resourceVersion;
  return { ...draft, metadata: { ...previous.metadata, ...draft.metadata, resourceVersion: version } };
}

/** Status changes only through its subresource and everything else only outside of it; a new spec is a new generation. */
function normalised(next: KubeObject, previous: KubeObject, subresource: string): KubeObject {
  if (subresource === "status")
    return { ...previous, metadata: { ...previous.metadata, ...next.metadata }, status: next["status"] };
  const kept = previous["status"] === undefined ? {} : { status: previous["status"] };
  const { generation } = previous.metadata;
  const specChanged = JSON.stringify(next["spec"]) !== JSON.stringify(previous["spec"]);
  return {
    ...next,
    ...kept,
    metadata: { ...next.metadata, ...(generation !== undefined && specChanged ? { generation: generation + 1 } : {}) },
  };
}

export function readDryRun(query: URLSearchParams, kind: string): boolean {
  const value = query.get("dryRun");
  if (value === null || value === "") return false;
  if (value === "All") return true;
  const error = unsupportedValue("dryRun", [value], ["All"]);
  throw invalid({ group: "meta.k8s.io", kind }, "", [error]);
}
