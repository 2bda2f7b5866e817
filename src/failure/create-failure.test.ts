import { expect, test } from "vitest";
import { apiError } from "../../test/support/memory-cluster.ts";
import { createFailure } from "./create-failure.ts";

test.each([
  ["missing", 'namespaces "x" not found', "k8s_namespace_missing"],
  ["denied", "exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1", "k8s_quota_exceeded"],
  ["denied", "maximum cpu usage per Container is 1, but limit is 2", "k8s_quota_exceeded"],
  ["denied", 'violates PodSecurity "restricted:latest": runAsNonRoot != true', "k8s_admission_refused"],
  [
    "denied",
    'pods "x" is forbidden: unable to validate against any security context constraint: [provider "anyuid": Forbidden: not usable by user or serviceaccount]',
    "k8s_admission_refused",
  ],
  ["invalid", 'admission webhook "policy.example.com" denied the request: no', "k8s_admission_refused"],
  ["denied", 'jobs.batch is forbidden: User "x" cannot create resource "jobs"', "k8s_permission_denied"],
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
