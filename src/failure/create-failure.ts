import { type ApiError, isApiError } from "../cluster/api-error.ts";
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
  if (isQuota(error.message)) return new RunFailure("k8s_quota_exceeded", text, options);
  if (isAdmission(error)) return new RunFailure("k8s_admission_refused", text, options);
  if (error.kind === "denied" || error.kind === "unauthorized")
    return new RunFailure("k8s_permission_denied", text, options);
  if (error.kind === "misconfigured") return new RunFailure("k8s_connection_failed", text, options);
  if (error.transient)
    return new RunFailure("k8s_connection_failed", text, { ...options, family: "transient_upstream" });
  return new RunFailure("k8s_job_create_failed", text, options);
}

/** API: "exceeded quota: NAME, requested: …"; "maximum cpu usage per Container is …" from a LimitRange. */
export function isQuota(message: string): boolean {
  return /exceeded quota|failed quota|(maximum|minimum) \S+ usage per/i.test(message);
}

/**
 * API: 'violates PodSecurity "restricted:latest"', 'admission webhook "x" denied the request', 'failed calling webhook "x"',
 * ValidatingAdmissionPolicy; OpenShift 4: 'unable to validate against any security context constraint: […]'.
 */
export function isAdmission(error: Pick<ApiError, "message">): boolean {
  return /violates PodSecurity|admission webhook|calling webhook|ValidatingAdmissionPolicy|denied the request|any security context constraint/i.test(
    error.message,
  );
}

/** API: 'failed calling webhook "x": … connection refused'. One that could be called and denies is final. */
export function isWebhookUnreachable(message: string): boolean {
  return /failed calling webhook/i.test(message) && !/denied the request/i.test(message);
}
