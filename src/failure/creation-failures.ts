import type { FailureRow } from "./failure.ts";

/** Why the cluster makes no Job, or no pod for it. */
export const creationFailures = [
  {
    code: "k8s_concurrency_guard_unreachable",
    meaning: "The cluster did not say in time whether a Job of this agent runs, so none was created.",
    hint: "Nothing to do if it passes; else check that the Kubernetes API answers within 15 seconds.",
    family: "transient_upstream",
  },
  {
    code: "k8s_job_create_failed",
    meaning: "The cluster did not accept the Job or its Secret.",
    hint: "Read the cluster's words in the message; podTemplate and labels are the usual cause.",
  },
  {
    code: "k8s_admission_refused",
    meaning: "An admission policy of the cluster, such as Pod Security, refused the Job or its pod.",
    hint: "Change what the policy names, most often in podTemplate or image, or ask for an exemption.",
  },
  {
    code: "k8s_quota_exceeded",
    meaning: "A ResourceQuota of the namespace leaves no room for the pod.",
    hint: "Lower resources, wait until other pods end, or have the quota raised.",
    family: "transient_upstream",
  },
  {
    code: "k8s_limit_range",
    meaning: "A LimitRange of the namespace does not allow the pod's resources or the size of its claim.",
    hint: "Set resources within the minimum, maximum and ratio that the message names, or have the LimitRange changed.",
  },
] as const satisfies readonly FailureRow[];
