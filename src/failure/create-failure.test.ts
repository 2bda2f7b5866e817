import { expect, test } from "vitest";
import { apiError } from "../../test/support/memory-cluster.ts";
import { createFailure, podRefusal } from "./create-failure.ts";

test.each([
  ["missing", 'namespaces "x" not found', "k8s_namespace_missing"],
  ["denied", "exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1", "k8s_quota_exceeded"],
  ["denied", "failed quota: q: must specify limits.cpu for: opencode", "k8s_quota_exceeded"],
  ["denied", "insufficient quota to match these scopes: [{PriorityClass In [high]}]", "k8s_quota_exceeded"],
  ["denied", "status unknown for quota: q, resources: pods", "k8s_quota_exceeded"],
  ["denied", 'pods "x" is forbidden: maximum cpu usage per Container is 1, but limit is 2', "k8s_limit_range"],
  ["denied", "minimum memory usage per Pod is 1Gi. No request is specified", "k8s_limit_range"],
  ["denied", "maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 5Gi", "k8s_limit_range"],
  ["denied", "cpu max limit to request ratio per Container is 2, but provided ratio is 4.000000", "k8s_limit_range"],
  [
    "denied",
    'jobs.batch "x" is forbidden: unable to create new content in namespace a because it is being terminated',
    "k8s_namespace_terminating",
  ],
  ["denied", 'violates PodSecurity "restricted:latest": runAsNonRoot != true', "k8s_admission_refused"],
  [
    "denied",
    'pods "x" is forbidden: unable to validate against any security context constraint: [provider "anyuid": Forbidden: not usable by user or serviceaccount]',
    "k8s_admission_refused",
  ],
  ["invalid", 'admission webhook "policy.example.com" denied the request: no', "k8s_admission_refused"],
  ["denied", 'jobs.batch is forbidden: User "x" cannot create resource "jobs"', "k8s_permission_denied"],
  ["invalid", 'admission webhook "p" denied the request: it says exceeded quota, too', "k8s_admission_refused"],
  ["denied", "one or more images rejected by webhook backend", "k8s_admission_refused"],
  ["unauthorized", "Unauthorized", "k8s_permission_denied"],
  ["invalid", "spec.template.spec.containers[0].image: Required value", "k8s_job_create_failed"],
  ["unreachable", "cannot be reached", "k8s_connection_failed"],
] as const)("%s: %s", (kind, message, code) => {
  const error = apiError(kind, message);
  expect(createFailure("Job x", "agents", error)).toMatchObject({
    code,
    message: expect.stringContaining(message),
    cause: error,
  });
});

test("an outage is worth another try, a refusal by a policy is not", () => {
  expect(createFailure("Job x", "agents", apiError("unavailable"))).toMatchObject({ family: "transient_upstream" });
  expect(createFailure("Job x", "agents", apiError("denied", "denied the request"))).toMatchObject({
    family: undefined,
  });
});

test("what is no answer of the cluster's is given back as it is", () => {
  const error = new TypeError("a fault of ours");
  expect(createFailure("Job x", "agents", error)).toBe(error);
});

test.each([
  [
    'Pod "x" is invalid: spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    "k8s_limit_range",
  ],
  ['pods "x" is forbidden: maximum cpu usage per Container is 1, but limit is 2', "k8s_limit_range"],
  ['pods "x" is forbidden: exceeded quota: q', "k8s_quota_exceeded"],
  [
    'pods "x" is forbidden: error looking up service account a/b: serviceaccount "b" not found',
    "k8s_job_create_failed",
  ],
] as const)("a pod that the Job controller could not make: %s", (message, code) => {
  expect(podRefusal(message)).toBe(code);
});

test("a range is not tried again as a quota is: nothing passes by waiting", () => {
  const family = (message: string) =>
    (createFailure("Job x", "agents", apiError("denied", message)) as { family?: string }).family;
  expect(family("exceeded quota: q")).toBe("transient_upstream");
  expect(family("maximum cpu usage per Container is 1, but limit is 2")).toBeUndefined();
});
