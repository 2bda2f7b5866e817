import type { IncomingHttpHeaders } from "node:http";
import { formatSeconds } from "../kubelet/node-clock.ts";
import { reviewAccess } from "./access-review.ts";
import { deleteObject } from "./deletion.ts";
import { unsupportedValue } from "./field-error.ts";
import type { Reply } from "./http-exchange.ts";
import type { Identities } from "./identities.ts";
import { listObjects, readSelector } from "./list-watch.ts";
import { isRecord } from "./merge-patch.ts";
import { changeObject, createObject, patchKindOf, readDryRun } from "./object-api.ts";
import { isFinishedPod, type KubeObject, type ObjectRef, type PodObject } from "./objects.ts";
import type { User } from "./rbac.ts";
import type { RequestInfo } from "./request-info.ts";
import { type ResourceType, resourceNamed } from "./resource-table.ts";
import { badRequest, invalid, noSuchResource, notFound, otherUid } from "./status-error.ts";
import type { Store } from "./store.ts";

export interface ObjectRequest {
  store: Store;
  identities: Identities;
  user: User;
  info: RequestInfo;
  type: ResourceType;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Everything about objects but watches and logs. */
export function answerObjects(request: ObjectRequest): Reply {
  const { store, info, type } = request;
  switch (info.verb) {
    case "get":
      return { status: 200, body: readObject(store, type, refOfInfo(info, type)) };
    case "list":
      return { status: 200, body: listObjects(store, type, readSelector(info, type)) };
    case "create":
      return create(request);
    case "update":
    case "patch":
      return change(request);
    case "delete":
      return remove(request);
    case "deletecollection":
      return removeAll(request);
    default:
      throw noSuchResource();
  }
}

function refOfInfo(info: RequestInfo, type: ResourceType): ObjectRef {
  return { namespace: type.namespaced ? info.namespace : "", name: info.name };
}

export function readObject(store: Store, type: ResourceType, ref: ObjectRef): KubeObject {
  const found = store.get(type.plural, ref) as KubeObject | undefined;
  if (!found) throw notFound(type, ref.name);
  return found;
}

function create({ store, identities, user, info, type, body }: ObjectRequest): Reply {
  if (info.subresource === "eviction") return evict(store, info, type);
  if (info.subresource === "token") return issueToken(store, identities, info);
  const dryRun = readDryRun(info.query, "CreateOptions");
  const parsed = parseBody(body, (detail) => {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${type.kind}): couldn't get version/kind; json parse error: ${detail}`,
    );
  });
  const { object, warnings } =
    type.plural === "selfsubjectaccessreviews"
      ? reviewAccess(store, user, parsed)
      : createObject(store, { type, namespace: info.namespace, dryRun }, parsed);
  const header = warnings.map((text) => `299 - ${JSON.stringify(text)}`).join(", ");
  return { status: 201, body: object, ...(header ? { headers: { warning: header } } : {}) };
}

function change({ store, info, type, headers, body }: ObjectRequest): Reply {
  const isPatch = info.verb === "patch";
  const kind = isPatch ? patchKindOf(headers["content-type"]) : "replace";
  const dryRun = readDryRun(info.query, isPatch ? "PatchOptions" : "UpdateOptions");
  readObject(store, type, refOfInfo(info, type));
  const parsed = parseBody(body, () => {
    throw badRequest("error decoding patch: unexpected end of JSON input");
  });
  const target = { type, namespace: info.namespace, name: info.name, subresource: info.subresource, dryRun };
  return { status: 200, body: changeObject(store, target, { kind, body: parsed }) };
}

function parseBody(body: Buffer, refuse: (detail: string) => never): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

interface DeleteRequest {
  gracePeriodSeconds?: number;
  propagationPolicy?: string;
  uid?: string;
  dryRun: boolean;
}

const policies = ["Foreground", "Background", "Orphan", "nil"];

/** Options stand in the body or in the query (API: DeleteOptions). */
function readDeleteOptions({ body, info }: ObjectRequest): DeleteRequest {
  const parsed =
    body.length === 0
      ? {}
      : parseBody(body, () => {
          throw badRequest("couldn't get version/kind; json parse error: unexpected end of JSON input");
        });
  const options = isRecord(parsed) ? parsed : {};
  const grace = options["gracePeriodSeconds"] ?? info.query.get("gracePeriodSeconds") ?? undefined;
  const policy = options["propagationPolicy"] ?? info.query.get("propagationPolicy") ?? undefined;
  if (policy !== undefined && !policies.includes(String(policy))) {
    const error = unsupportedValue("propagationPolicy", policy, policies);
    throw invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", [error]);
  }
  const preconditions = options["preconditions"];
  const uid = isRecord(preconditions) ? preconditions["uid"] : undefined;
  const dryRun = Array.isArray(options["dryRun"]) || readDryRun(info.query, "DeleteOptions");
  return {
    ...(grace === undefined ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(policy === undefined ? {} : { propagationPolicy: String(policy) }),
    ...(typeof uid === "string" ? { uid } : {}),
    dryRun,
  };
}

function remove(request: ObjectRequest): Reply {
  const { store, info, type } = request;
  const options = readDeleteOptions(request);
  const ref = refOfInfo(info, type);
  const found = readObject(store, type, ref);
  if (options.uid !== undefined && options.uid !== found.metadata.uid) {
    throw otherUid(type, ref.name, { expected: options.uid, found: found.metadata.uid });
  }
  const outcome = options.dryRun ? { object: found, gone: true } : deleteObject(store, { type, ref }, options);
  if (!outcome) throw notFound(type, ref.name);
  // Pods, claims and what is only marked come back as objects, the rest as a Status (seen with 1.34).
  if (!outcome.gone || type.plural === "pods") return { status: 200, body: outcome.object };
  const details = {
    name: ref.name,
    ...(type.group ? { group: type.group } : {}),
    kind: type.plural,
    uid: found.metadata.uid,
  };
  return { status: 200, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details } };
}

function removeAll(request: ObjectRequest): Reply {
  const { store, info, type } = request;
  const options = readDeleteOptions(request);
  const list = listObjects(store, type, readSelector(info, type));
  for (const { metadata } of (list as { items: KubeObject[] }).items) {
    deleteObject(store, { type, ref: { namespace: metadata.namespace ?? "", name: metadata.name } }, options);
  }
  return { status: 200, body: list };
}

/** The Eviction API: a delete that leaves its reason in the pod's conditions. */
function evict(store: Store, info: RequestInfo, type: ResourceType): Reply {
  const ref = refOfInfo(info, type);
  const pod = readObject(store, type, ref) as PodObject;
  if (!isFinishedPod(pod)) {
    store.update("pods", ref, (draft) => {
      const condition = {
        type: "DisruptionTarget",
        status: "True",
        reason: "EvictionByEvictionAPI",
        message: "Eviction API: evicting",
      };
      draft.status.conditions = [...(draft.status.conditions ?? []), condition];
    });
  }
  deleteObject(store, { type, ref });
  return { status: 201, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 } };
}

/** A TokenRequest for a service account. */
function issueToken(store: Store, identities: Identities, info: RequestInfo): Reply {
  readObject(store, resourceNamed("serviceaccounts"), { namespace: info.namespace, name: info.name });
  const status = {
    token: identities.tokenFor(info.namespace, info.name),
    expirationTimestamp: formatSeconds(Date.now() + 3_600_000),
  };
  return {
    status: 201,
    body: { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", metadata: {}, spec: {}, status },
  };
}
