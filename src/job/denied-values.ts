import { isDeepStrictEqual } from "node:util";
import { matchesAny } from "../config/policy/glob.ts";
import { allowLists, longestGraceSec, type Policy, policyVariable } from "../config/policy/policy.ts";
import type { SettingKey } from "../config/settings.ts";
import { isObject, type JsonObject } from "../lib/json-object.ts";
import { type MergedPod, serviceAccountOf } from "./denied-powers.ts";
import type { JobRequest } from "./job-request.ts";
import { containerName, label, promptContainerName } from "./names.ts";
import { child, containersOf, items, volumesOf } from "./pod-walk.ts";

type Rules = Pick<JobRequest, "host" | "policy" | "settings">;

/** Names and values of a pod that are not allowed in it; each problem is a phrase. */
export function deniedValues(pod: MergedPod, { host, policy, settings }: Rules): string[] {
  return [
    ...deniedAccount(pod, policy, host?.serviceAccountName),
    ...deniedLabels(pod.metadata, policy, host?.labels ?? {}),
    ...deniedNames(pod, policy),
    ...deniedImages(pod, policy, [host?.image, settings.image, settings.initImage]),
    ...deniedNodes(pod, policy),
    ...deniedGrace(pod, policy),
    ...changedFixed(pod, policy),
  ];
}

function listed(at: string, found: string | undefined, list: readonly string[]): string {
  const shown = list.filter((name) => name !== "").join(", ") || "none";
  const what = found === undefined ? "nothing" : JSON.stringify(found.slice(0, 80));
  return `${at}: found ${what}, expected one of ${shown} (the operator's policy ${policyVariable})`;
}

function deniedAccount({ spec }: MergedPod, { allow }: Policy, ofServer: string | undefined): string[] {
  const name = serviceAccountOf(spec);
  const both = [spec["serviceAccountName"], spec["serviceAccount"]].filter((one) => typeof one === "string");
  if (ofServer !== undefined && both.includes(ofServer) && !allow.serviceAccountName?.includes(ofServer))
    return [
      `spec.serviceAccountName: found ${JSON.stringify(ofServer)}, which is Paperclip's own: it is denied unless the operator's policy ${policyVariable} names it`,
    ];
  const list = allow.serviceAccountName;
  return name !== undefined && list !== undefined && !both.every((one) => matchesAny(list, one))
    ? [listed("spec.serviceAccountName", name, list)]
    : [];
}

const ownLabels: ReadonlySet<string> = new Set(Object.values(label));

/** By a label of Paperclip's own pod its Service would send users' requests, with their keys, to an agent. */
function deniedLabels(metadata: JsonObject, { allow }: Policy, ofServer: Readonly<Record<string, string>>): string[] {
  const keys = Object.keys(child(metadata, "labels")).filter((key) => !ownLabels.has(key));
  const taken = keys.filter((key) => Object.hasOwn(ofServer, key));
  const { labels } = allow;
  return [
    ...taken.map((key) => `labels.${key}: found a label that Paperclip's own pod carries, expected another key`),
    ...(labels === undefined
      ? []
      : keys.filter((key) => !matchesAny(labels, key)).map((key) => listed(`labels.${key}`, key, labels))),
  ];
}

function deniedNames({ spec, built }: MergedPod, { allow }: Policy): string[] {
  const fields = [
    ["runtimeClassName", allow.runtimeClassName, allowLists.runtimeClassName.unset],
    ["priorityClassName", allow.priorityClassNames, true],
  ] as const;
  return fields.flatMap(([field, list, unset]) => {
    const value = spec[field];
    if (list === undefined || isDeepStrictEqual(value, built[field])) return [];
    const name = typeof value === "string" ? value : undefined;
    const allowed = name === undefined ? unset || list.includes("") : matchesAny(list, name);
    return allowed ? [] : [listed(`spec.${field}`, name, list)];
  });
}

function deniedImages({ spec }: MergedPod, { allow, fixed }: Policy, own: readonly (string | undefined)[]): string[] {
  const list = allow.image ?? (typeof fixed["image"] === "string" ? [fixed["image"]] : undefined);
  if (list === undefined) return [];
  const images = [
    ...containersOf(spec).map(({ at, value }) => ({ at: `${at}.image`, image: value["image"] })),
    ...volumesOf(spec).map(({ at, value }) => ({ at: `${at}.image`, image: child(value, "image")["reference"] })),
  ];
  return images.flatMap(({ at, image }) => {
    if (typeof image !== "string" || own.includes(image) || matchesAny(list, image)) return [];
    return [listed(at, image, list)];
  });
}

function deniedNodes({ spec, built }: MergedPod, { allow }: Policy): string[] {
  const list = allow.nodeSelector;
  if (list === undefined) return [];
  const selector = child(spec, "nodeSelector");
  const own = child(built, "nodeSelector");
  const keys = [
    ...Object.keys(selector).filter((key) => selector[key] !== own[key]),
    ...keysWithin(child(child(spec, "affinity"), "nodeAffinity")),
  ];
  const taken = Object.keys(own).filter((key) => selector[key] === undefined);
  return [
    ...keys.filter((key) => !matchesAny(list, key)).map((key) => listed("spec.nodeSelector", key, list)),
    ...taken.filter((key) => !matchesAny(list, key)).map((key) => listed("spec.nodeSelector without", key, list)),
  ];
}

function keysWithin(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysWithin);
  if (!isObject(value)) return [];
  const own = typeof value["key"] === "string" ? [value["key"]] : [];
  return [...own, ...Object.values(value).flatMap(keysWithin)];
}

function deniedGrace({ spec }: MergedPod, { limits }: Policy): string[] {
  const at = "terminationGracePeriodSeconds";
  const most = Math.min(longestGraceSec, limits.graceSec ?? longestGraceSec);
  const hooks = containersOf(spec).flatMap(({ at: place, value }) =>
    ["livenessProbe", "startupProbe"].map((name) => ({ at: `${place}.${name}.${at}`, value: child(value, name)[at] })),
  );
  return [{ at: `spec.${at}`, value: spec[at] }, ...hooks]
    .filter(({ value }) => value !== undefined && !(typeof value === "number" && value <= most))
    .map(({ at: place, value }) => `${place}: found ${JSON.stringify(value)}, expected at most ${most}`);
}

type Place = readonly [at: string, read: (spec: JsonObject) => unknown];

/** Where a fixed setting stands in a pod: a podTemplate may not change it there. */
const places: Partial<Record<SettingKey, readonly Place[]>> = {
  graceSec: [field("terminationGracePeriodSeconds")],
  image: [ofContainer("containers", containerName, "image")],
  imagePullPolicy: [ofContainer("containers", containerName, "imagePullPolicy")],
  initImage: [ofContainer("initContainers", promptContainerName, "image")],
  nodeSelector: [field("nodeSelector")],
  resources: [ofContainer("containers", containerName, "resources"), field("resources")],
  runtimeClassName: [field("runtimeClassName")],
  serviceAccountName: [field("serviceAccountName"), field("serviceAccount"), field("automountServiceAccountToken")],
  timeoutSec: [field("activeDeadlineSeconds")],
  tolerations: [field("tolerations")],
};

function field(name: string): Place {
  return [`spec.${name}`, (spec) => spec[name]];
}

function ofContainer(list: string, name: string, key: string): Place {
  const find = (spec: JsonObject) => items(spec, list).find((container) => container["name"] === name);
  return [`spec.${list}[${name}].${key}`, (spec) => find(spec)?.[key]];
}

function changedFixed({ spec, built }: MergedPod, { fixed }: Policy): string[] {
  if (Object.hasOwn(fixed, "podTemplate")) return [];
  return (Object.keys(fixed) as SettingKey[]).flatMap((key) =>
    (places[key] ?? [])
      .filter(([, read]) => !isDeepStrictEqual(read(spec), read(built)))
      .map(([at]) => `${at}: found a change to ${key}, which is fixed (the operator's policy ${policyVariable})`),
  );
}
