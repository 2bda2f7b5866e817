import {
  duplicateValue,
  type FieldError,
  invalidValue,
  requiredValue,
  unknownValue,
  unsupportedValue,
} from "./field-error.ts";
import { configKeyFaults, dnsLabelFaults, dnsSubdomainFaults, envNameFaults } from "./name-rules.ts";
import type { Container } from "./objects.ts";
import { parseQuantity } from "./quantity.ts";

type EnvVar = NonNullable<Container["env"]>[number];

export function containerErrors(container: Container, field: string, volumes: ReadonlySet<string>): FieldError[] {
  const { name, image, imagePullPolicy, env = [], resources } = container;
  return [
    ...(name
      ? dnsLabelFaults(name).map((fault) => invalidValue(`${field}.name`, name, fault))
      : [requiredValue(`${field}.name`)]),
    ...imageErrors(image, field),
    ...env.flatMap((variable, index) => envErrors(variable, `${field}.env[${index}]`)),
    ...envFromErrors(container, field),
    ...mountErrors(container, field, volumes),
    ...(imagePullPolicy === undefined || ["Always", "IfNotPresent", "Never"].includes(imagePullPolicy)
      ? []
      : [unsupportedValue(`${field}.imagePullPolicy`, imagePullPolicy, ["Always", "IfNotPresent", "Never"])]),
    ...resourceErrors(resources, `${field}.resources`),
  ];
}

function imageErrors(image: string | undefined, field: string): FieldError[] {
  if (!image) return [requiredValue(`${field}.image`)];
  return image === image.trim()
    ? []
    : [invalidValue(`${field}.image`, image, "must not have leading or trailing whitespace")];
}

function envErrors({ name, value, valueFrom }: EnvVar, field: string): FieldError[] {
  const errors = name
    ? envNameFaults(name).map((fault) => invalidValue(`${field}.name`, name, fault))
    : [requiredValue(`${field}.name`)];
  if (!valueFrom) return errors;
  if (value) errors.push(invalidValue(`${field}.valueFrom`, "", "may not be specified when `value` is not empty"));
  if (Object.keys(valueFrom).length === 0) {
    errors.push(
      invalidValue(
        `${field}.valueFrom`,
        "",
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
      ),
    );
  }
  for (const kind of ["secretKeyRef", "configMapKeyRef"] as const) {
    const ref = valueFrom[kind];
    if (ref) errors.push(...keyRefErrors(ref, `${field}.valueFrom.${kind}`));
  }
  return errors;
}

function keyRefErrors({ name, key }: { name?: string; key: string }, field: string): FieldError[] {
  return [
    ...(name ? dnsSubdomainFaults(name).map((fault) => invalidValue(`${field}.name`, name, fault)) : []),
    ...(key
      ? configKeyFaults(key).map((fault) => invalidValue(`${field}.key`, key, fault))
      : [requiredValue(`${field}.key`)]),
  ];
}

function envFromErrors({ envFrom = [] }: Container, field: string): FieldError[] {
  return envFrom.flatMap(({ secretRef, configMapRef }, index) => {
    if (!secretRef && !configMapRef) {
      return [invalidValue(`${field}.envFrom[${index}]`, "", "must specify one of: `configMapRef` or `secretRef`")];
    }
    const [kind, name] = secretRef ? ["secretRef", secretRef.name] : ["configMapRef", configMapRef?.name];
    if (!name) return [requiredValue(`${field}.envFrom[${index}].${kind}.name`)];
    return dnsSubdomainFaults(name).map((fault) =>
      invalidValue(`${field}.envFrom[${index}].${kind}.name`, name, fault),
    );
  });
}

function mountErrors({ volumeMounts = [] }: Container, field: string, volumes: ReadonlySet<string>): FieldError[] {
  const seen = new Set<string>();
  return volumeMounts.flatMap(({ name, mountPath, subPath }, index) => {
    const at = `${field}.volumeMounts[${index}]`;
    const errors: FieldError[] = [];
    if (!name) errors.push(requiredValue(`${at}.name`));
    else if (!volumes.has(name)) errors.push(unknownValue(`${at}.name`, name));
    if (!mountPath) errors.push(requiredValue(`${at}.mountPath`));
    else if (seen.has(mountPath)) errors.push(invalidValue(`${at}.mountPath`, mountPath, "must be unique"));
    if (subPath?.startsWith("/")) errors.push(invalidValue(`${at}.subPath`, subPath, "must be a relative path"));
    if (subPath?.split("/").includes(".."))
      errors.push(invalidValue(`${at}.subPath`, subPath, "must not contain '..'"));
    seen.add(mountPath);
    return errors;
  });
}

const standardResources = /^(cpu|memory|ephemeral-storage|storage|hugepages-.+)$/;

function resourceErrors(resources: Container["resources"], field: string): FieldError[] {
  const { limits = {}, requests = {} } = resources ?? {};
  const listed = (list: Record<string, string>, kind: string) =>
    Object.entries(list).flatMap(([name, quantity]) => quantityErrors(name, quantity, `${field}.${kind}[${name}]`));
  return [
    ...listed(limits, "limits"),
    ...listed(requests, "requests"),
    ...Object.entries(requests).flatMap(([name, quantity]) => {
      const limit = limits[name];
      if (limit === undefined || (parseQuantity(quantity) ?? 0) <= (parseQuantity(limit) ?? 0)) return [];
      return [
        invalidValue(`${field}.requests`, String(quantity), `must be less than or equal to ${name} limit of ${limit}`),
      ];
    }),
  ];
}

function quantityErrors(name: string, quantity: string, field: string): FieldError[] {
  if (!name.includes("/") && !standardResources.test(name)) {
    return [
      invalidValue(field, name, "must be a standard resource type or fully qualified"),
      invalidValue(field, name, "must be a standard resource for containers"),
    ];
  }
  return (parseQuantity(quantity) ?? 0) < 0
    ? [invalidValue(field, String(quantity), "must be greater than or equal to 0")]
    : [];
}

/** A name that stands twice, in the list where the second one is. */
export function duplicateNames(items: readonly { name: string }[], field: string): FieldError[] {
  const seen = new Set<string>();
  return items.flatMap(({ name }, index) => {
    if (name && seen.has(name)) return [duplicateValue(`${field}[${index}].name`, name)];
    seen.add(name);
    return [];
  });
}
