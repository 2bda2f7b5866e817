import type { Draft, JobObject, PodObject } from "../api-server/objects.ts";
import { generatedName } from "../api-server/random-name.ts";

export const trackingFinalizer = "batch.kubernetes.io/job-tracking";

/** The pod a Job makes, named and labelled as the Job controller does. */
export function buildJobPod(job: JobObject): Draft {
  const { template } = job.spec;
  const { name, namespace = "", uid } = job.metadata;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      generateName: `${name}-`,
      name: generatedName(`${name}-`),
      namespace,
      ...(template.metadata?.labels === undefined ? {} : { labels: template.metadata.labels }),
      ...(template.metadata?.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      finalizers: [trackingFinalizer],
      ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: structuredClone(template.spec),
  };
}

export function isPodOf(pod: PodObject, job: JobObject): boolean {
  return pod.metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid) ?? false;
}

export function isJobFinished({ status }: JobObject): boolean {
  return (
    status.conditions?.some(({ type, status: set }) => (type === "Complete" || type === "Failed") && set === "True") ??
    false
  );
}
