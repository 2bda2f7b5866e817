import { type FieldError, invalidValue, requiredValue, unsupportedValue } from "./field-error.ts";
import { dnsLabelFaults, dnsSubdomainFaults } from "./name-rules.ts";
import type { PodSpec, Volume } from "./objects.ts";
import { containerErrors, duplicateNames } from "./validate-container.ts";
import { labelErrors } from "./validate-metadata.ts";

/** What the server refuses of a pod's spec; `root` is "spec" or "spec.template.spec". */
export function podSpecErrors(spec: PodSpec, root: string): FieldError[] {
  const { volumes = [], containers = [], initContainers = [] } = spec;
  const names = new Set(volumes.map(({ name }) => name));
  const each = (list: PodSpec["containers"], field: string) =>
    list.flatMap((container, index) => containerErrors(container, `${root}.${field}[${index}]`, names));
  return [
    ...duplicateNames(volumes, `${root}.volumes`),
    ...volumes.flatMap((volume, index) => volumeErrors(volume, `${root}.volumes[${index}]`)),
    ...(containers.length === 0 ? [requiredValue(`${root}.containers`)] : []),
    ...each(containers, "containers"),
    ...duplicateNames(containers, `${root}.containers`),
    ...each(initContainers, "initContainers"),
    ...duplicateNames([...containers, ...initContainers], `${root}.initContainers`).filter(
      ({ field }) => !isFirstList(field, containers.length),
    ),
    ...settingErrors(spec, root),
  ];
}

function isFirstList(field: string, length: number): boolean {
  const index = Number(/\[(\d+)\]/.exec(field)?.[1]);
  return index < length;
}

function settingErrors(spec: PodSpec, root: string): FieldError[] {
  const { restartPolicy, activeDeadlineSeconds, nodeSelector, hostname, dnsPolicy, dnsConfig, runtimeClassName } = spec;
  const errors: FieldError[] = [];
  if (restartPolicy !== undefined && !["", "Always", "OnFailure", "Never"].includes(restartPolicy)) {
    errors.push(unsupportedValue(`${root}.restartPolicy`, restartPolicy, ["Always", "OnFailure", "Never"]));
  }
  if (dnsPolicy === "None" && !dnsConfig) {
    errors.push(requiredValue(`${root}.dnsConfig`, "must provide `dnsConfig` when `dnsPolicy` is None"));
  }
  if (activeDeadlineSeconds !== undefined && (activeDeadlineSeconds < 1 || activeDeadlineSeconds > 2147483647)) {
    errors.push(
      invalidValue(
        `${root}.activeDeadlineSeconds`,
        activeDeadlineSeconds,
        "must be between 1 and 2147483647, inclusive",
      ),
    );
  }
  if (hostname)
    errors.push(...dnsLabelFaults(hostname).map((fault) => invalidValue(`${root}.hostname`, hostname, fault)));
  if (runtimeClassName !== undefined) {
    errors.push(
      ...dnsSubdomainFaults(runtimeClassName).map((fault) =>
        invalidValue(`${root}.runtimeClassName`, runtimeClassName, fault),
      ),
    );
  }
  return [...errors, ...labelErrors(`${root}.nodeSelector`, nodeSelector), ...tolerationErrors(spec, root)];
}

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

function tolerationErrors({ tolerations = [] }: PodSpec, root: string): FieldError[] {
  return tolerations.flatMap(({ key, operator, value, effect }, index) => {
    const field = `${root}.tolerations[${index}]`;
    const errors: FieldError[] = [];
    if (!key && operator !== "Exists") {
      errors.push(
        invalidValue(
          `${field}.operator`,
          operator ?? "",
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    }
    if (operator === "Exists" && value) {
      errors.push(invalidValue(`${field}.operator`, value, "value must be empty when `operator` is 'Exists'"));
    }
    if (operator !== undefined && !["", "Equal", "Exists"].includes(operator)) {
      errors.push(unsupportedValue(`${field}.operator`, operator, ["Equal", "Exists"]));
    }
    if (effect && !effects.includes(effect)) errors.push(unsupportedValue(`${field}.effect`, effect, effects));
    return errors;
  });
}

function volumeErrors(volume: Volume, field: string): FieldError[] {
  const { name, secret, persistentVolumeClaim } = volume;
  const sources = Object.keys(volume).filter((key) => key !== "name");
  return [
    ...(name
      ? dnsLabelFaults(name).map((fault) => invalidValue(`${field}.name`, name, fault))
      : [requiredValue(`${field}.name`)]),
    ...(sources.length === 0 ? [requiredValue(field, "must specify a volume type")] : []),
    ...(sources.length > 1
      ? [
          {
            field: `${field}.${sources[1]}`,
            reason: "FieldValueForbidden" as const,
            message: "Forbidden: may not specify more than 1 volume type",
          },
        ]
      : []),
    ...(secret && !secret.secretName ? [requiredValue(`${field}.secret.secretName`)] : []),
    ...(secret?.items ?? []).flatMap(({ path }, index) =>
      path.split("/").includes("..")
        ? [invalidValue(`${field}.secret.items[${index}].path`, path, "must not contain '..'")]
        : [],
    ),
    ...(persistentVolumeClaim && !persistentVolumeClaim.claimName
      ? [requiredValue(`${field}.persistentVolumeClaim.claimName`)]
      : []),
  ];
}
