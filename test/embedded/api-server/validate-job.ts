import { isDeepStrictEqual } from "node:util";
import { type FieldError, invalidValue, requiredValue } from "./field-error.ts";
import type { JobObject } from "./objects.ts";
import { labelErrors } from "./validate-metadata.ts";
import { podSpecErrors } from "./validate-pod.ts";

export function jobErrors(job: JobObject): FieldError[] {
  const { spec } = job;
  const { restartPolicy } = spec.template.spec ?? {};
  return [
    ...(["parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"] as const)
      .filter((field) => (spec[field] ?? 0) < 0)
      .map((field) => invalidValue(`spec.${field}`, spec[field], "must be greater than or equal to 0")),
    ...labelErrors("spec.template.labels", spec.template.metadata?.labels),
    ...podSpecErrors(spec.template.spec ?? { containers: [] }, "spec.template.spec"),
    ...(restartPolicy === "Never" || restartPolicy === "OnFailure"
      ? []
      : [requiredValue("spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')]),
  ];
}

/** While a Job that never started is suspended, where its pod may run and its labels can change; nothing else of it (seen with 1.34). */
export function jobUpdateErrors(next: JobObject, previous: JobObject): FieldError[] {
  const suspended = previous.spec.suspend === true && previous.status.startTime === undefined;
  const comparable = (job: JobObject) => (suspended ? withoutPlacement(job) : job.spec.template);
  return [
    ...(isDeepStrictEqual(next.spec.completions, previous.spec.completions)
      ? []
      : [invalidValue("spec.completions", next.spec.completions, "field is immutable")]),
    ...(isDeepStrictEqual(next.spec.selector, previous.spec.selector)
      ? []
      : [invalidValue("spec.selector", next.spec.selector, "field is immutable")]),
    ...(isDeepStrictEqual(comparable(next), comparable(previous))
      ? []
      : [invalidValue("spec.template", next.spec.template, "field is immutable")]),
  ];
}

function withoutPlacement({ spec }: JobObject): object {
  const { nodeSelector: _, tolerations: __, affinity: ___, schedulingGates: ____, ...rest } = spec.template.spec ?? {};
  return rest;
}
