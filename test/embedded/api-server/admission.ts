import { withServiceAccountToken } from "./defaults.ts";
import type { JobObject, KubeObject, PodObject, PodSpec } from "./objects.ts";
import { restrictedViolations } from "./pod-security.ts";
import { enforceQuota } from "./quota.ts";
import type { ResourceType } from "./resource-table.ts";
import { forbidden, notFound, StatusError } from "./status-error.ts";
import type { Store } from "./store.ts";

export interface Admitted {
  object: KubeObject;
  warnings: string[];
}

/** What admission does to a new object of a namespace. Throws the server's refusal. */
export function admit(store: Store, type: ResourceType, object: KubeObject): Admitted {
  if (!type.namespaced) return { object, warnings: [] };
  const namespace = object.metadata.namespace ?? "";
  const found = store.get("namespaces", { namespace: "", name: namespace });
  if (!found) throw notFound({ group: "", plural: "namespaces" }, namespace);
  if (found.status.phase === "Terminating") throw terminating(type, object, namespace);
  if (type.plural === "jobs")
    return { object, warnings: securityWarnings(found.metadata.labels, (object as JobObject).spec.template.spec) };
  if (type.plural !== "pods") return { object, warnings: [] };
  const pod = admitPod(store, object as PodObject);
  const violations = violationsFor(found.metadata.labels, "enforce", pod.spec);
  if (violations) throw forbidden(type, pod.metadata.name, `violates ${violations}`);
  return { object: pod, warnings: [] };
}

/** Quota is the last step of admission, so a pod that security refuses is not counted. */
export function charge(store: Store, type: ResourceType, object: KubeObject): void {
  if (type.namespaced) enforceQuota(store, type, object);
}

function terminating(type: ResourceType, object: KubeObject, namespace: string): StatusError {
  const message = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const plain = forbidden(type, object.metadata.name, message);
  const cause = {
    reason: "NamespaceTerminating",
    message: `namespace ${namespace} is being terminated`,
    field: "metadata.namespace",
  };
  return new StatusError(403, plain.message, { reason: "Forbidden", details: { ...plain.details, causes: [cause] } });
}

function admitPod(store: Store, pod: PodObject): PodObject {
  const pods = { group: "", plural: "pods" };
  const namespace = pod.metadata.namespace ?? "";
  const name = pod.spec.serviceAccountName ?? "default";
  const account = store.get("serviceaccounts", { namespace, name });
  if (!account) {
    const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
    throw forbidden(pods, pod.metadata.name, why);
  }
  if (pod.spec.runtimeClassName !== undefined) {
    throw forbidden(pods, pod.metadata.name, `pod rejected: RuntimeClass "${pod.spec.runtimeClassName}" not found`);
  }
  if (pod.spec.priorityClassName) {
    throw forbidden(pods, pod.metadata.name, `no PriorityClass with name ${pod.spec.priorityClassName} was found`);
  }
  return withServiceAccountToken(pod, account["automountServiceAccountToken"] !== false);
}

type Labels = Record<string, string> | undefined;

function violationsFor(labels: Labels, mode: "enforce" | "warn", spec: PodSpec): string {
  if (labels?.[`pod-security.kubernetes.io/${mode}`] !== "restricted") return "";
  const violations = restrictedViolations(spec);
  return violations.length === 0 ? "" : `PodSecurity "restricted:latest": ${violations.join(", ")}`;
}

/** A Job is only warned about: its pods are what is refused (seen with 1.34). */
function securityWarnings(labels: Labels, spec: PodSpec | undefined): string[] {
  const violations = spec ? violationsFor(labels, "enforce", spec) || violationsFor(labels, "warn", spec) : "";
  return violations ? [`would violate ${violations}`] : [];
}
