import { requiredValue } from "./field-error.ts";
import { isRecord } from "./merge-patch.ts";
import type { Created } from "./object-api.ts";
import { decideAccess, policyFor, type User } from "./rbac.ts";
import { badRequest, invalid } from "./status-error.ts";
import type { Store } from "./store.ts";

/** Answers a SelfSubjectAccessReview: may the caller do this? */
export function reviewAccess(store: Store, user: User, body: unknown): Created {
  if (!isRecord(body))
    throw badRequest("the object provided is unrecognized (must be of type SelfSubjectAccessReview)");
  const spec = isRecord(body["spec"]) ? body["spec"] : {};
  const attributes = spec["resourceAttributes"];
  if (!isRecord(attributes)) {
    const field = "spec.resourceAttributes";
    const errors = [
      requiredValue(field, "exactly one of nonResourceAttributes or resourceAttributes must be specified"),
    ];
    throw invalid({ group: "authorization.k8s.io", kind: "SelfSubjectAccessReview" }, "", errors);
  }
  const text = (key: string) => (typeof attributes[key] === "string" ? attributes[key] : "");
  const namespace = text("namespace");
  const access = {
    verb: text("verb"),
    group: text("group"),
    resource: text("resource"),
    subresource: text("subresource"),
    namespace,
    name: text("name"),
  };
  const grant = decideAccess(user, access, policyFor(store, namespace));
  const object = {
    kind: "SelfSubjectAccessReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata: {},
    spec,
    status: { allowed: grant !== undefined, ...(grant?.reason ? { reason: grant.reason } : {}) },
  };
  return { object: object as unknown as Created["object"], warnings: [] };
}
