import { isApiError } from "../cluster/api-error.ts";
import { RunFailure } from "./failure.ts";

/** The cluster's refusal of a create as a failure with a code, in its own words. Anything else is given back as it is. */
export function createFailure(what: string, namespace: string, error: unknown): unknown {
  if (!isApiError(error)) return error;
  const text = `${what} was refused: ${error.message}`;
  const options = { cause: error };
  if (error.kind === "missing") {
    return new RunFailure(
      "k8s_namespace_missing",
      `Namespace "${namespace}" does not exist: ${error.message}`,
      options,
    );
  }
  const code = policyRefusal(error.message);
  if (code) return new RunFailure(code, text, options);
  if (error.kind === "denied" || error.kind === "unauthorized")
    return new RunFailure("k8s_permission_denied", text, options);
  if (error.kind === "misconfigured") return new RunFailure("k8s_connection_failed", text, options);
  if (error.transient)
    return new RunFailure("k8s_connection_failed", text, { ...options, family: "transient_upstream" });
  return new RunFailure("k8s_job_create_failed", text, options);
}

type PolicyCode = "k8s_admission_refused" | "k8s_quota_exceeded" | "k8s_limit_range" | "k8s_namespace_terminating";

/**
 * Words of the API server's own admission, in the order in which they count: a webhook may quote any of the others.
 * - webhooks and policies: 'admission webhook "x" denied the request', 'failed calling webhook "x"', "ValidatingAdmissionPolicy
 *   'x' with binding 'y' denied request", 'violates PodSecurity "restricted:latest"', "images rejected by webhook backend";
 *   OpenShift 4: 'unable to validate against any security context constraint: […]'
 * - a namespace that is being deleted: "unable to create new content in namespace x because it is being terminated"
 * - LimitRange: "maximum cpu usage per Container is 1, but limit is 2", "minimum memory usage per Pod is …", "cpu max limit to
 *   request ratio per Container is 2, but provided ratio is 4.000000"
 * - ResourceQuota: "exceeded quota: NAME, requested: …", "failed quota: NAME: must specify limits.cpu", "insufficient quota to
 *   match these scopes", "status unknown for quota: NAME"
 */
const policies: readonly (readonly [PolicyCode, RegExp])[] = [
  [
    "k8s_admission_refused",
    /violates PodSecurity|admission webhook|calling webhook|ValidatingAdmissionPolicy|denied the request|rejected by webhook|any security context constraint/i,
  ],
  ["k8s_namespace_terminating", /in namespace \S+ because it is being terminated/i],
  [
    "k8s_limit_range",
    /(maximum|minimum) \S+ usage per (Container|Pod|PersistentVolumeClaim)|max limit to request ratio per/i,
  ],
  ["k8s_quota_exceeded", /exceeded quota|failed quota|insufficient quota|status unknown for quota/i],
];

/** The code of a refusal by a policy of the cluster or the namespace; undefined for any other. */
export function policyRefusal(message: string): PolicyCode | undefined {
  return policies.find(([, words]) => words.test(message))?.[0];
}

/**
 * The code of a pod that the cluster did not make for its Job. A request above its limit can only come from a LimitRange
 * here, which fills in limits: the Job's own were valid (API: "must be less than or equal to cpu limit of 1").
 */
export function podRefusal(message: string): PolicyCode | "k8s_job_create_failed" {
  const isAboveLimit = /must be less than or equal to \S+ limit/i.test(message);
  return policyRefusal(message) ?? (isAboveLimit ? "k8s_limit_range" : "k8s_job_create_failed");
}

/** API: 'failed calling webhook "x": … connection refused'. One that could be called and denies is final. */
export function isWebhookUnreachable(message: string): boolean {
  return /failed calling webhook/i.test(message) && !/denied the request/i.test(message);
}
