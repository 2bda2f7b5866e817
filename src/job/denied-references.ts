import { isDeepStrictEqual } from "node:util";
import { matchesAny } from "../config/policy/glob.ts";
import { type Policy, policyVariable } from "../config/policy/policy.ts";
import type { Host } from "../host/host.ts";
import { isObject, type JsonObject } from "../lib/json-object.ts";
import { databaseClaimName, databaseClaimPrefix, runObjectPrefix } from "./names.ts";
import { child, containersOf, items, volumesOf } from "./pod-walk.ts";

/** A Secret or a claim that a pod names, with the item of the pod's spec that does so. */
interface Reference {
  kind: "Secret" | "claim";
  name: string;
  /** Where the item stands. */
  at: string;
  item: unknown;
}

export interface ReferenceRules {
  allow: Policy["allow"];
  withheld: Host["withheld"] | undefined;
  agentId: string;
}

/** Secrets and claims that a pod names and may not; each problem is a phrase. What was built needs no leave. */
export function deniedReferences(merged: JsonObject, built: JsonObject, rules: ReferenceRules): string[] {
  const own = referencesOf(built);
  const isOwn = (one: Reference) => own.some(({ at, item }) => at === one.at && isDeepStrictEqual(item, one.item));
  const problems = referencesOf(merged)
    .filter((one) => !isOwn(one))
    .flatMap((one) => {
      const why = whyDenied(one, rules);
      return why === undefined ? [] : [`${one.at}: found ${one.kind} ${JSON.stringify(one.name.slice(0, 80))}, ${why}`];
    });
  return [...new Set(problems)];
}

function whyDenied({ kind, name }: Reference, { allow, withheld, agentId }: ReferenceRules): string | undefined {
  const [list, ofServer] = kind === "Secret" ? [allow.secrets, withheld?.secrets] : [allow.claims, withheld?.claims];
  if (kind === "Secret" && name.startsWith(runObjectPrefix)) return "which belongs to another run";
  if (kind === "claim" && name.startsWith(databaseClaimPrefix))
    return name === databaseClaimName(agentId) ? undefined : "which belongs to another agent";
  if (ofServer?.includes(name) && !list?.includes(name))
    return `which Paperclip's own pod uses: it is denied unless the operator's policy ${policyVariable} names it`;
  if (list !== undefined && !matchesAny(list, name))
    return `expected one of ${list.join(", ") || "none"} (the operator's policy ${policyVariable})`;
  return undefined;
}

function referencesOf(spec: JsonObject): Reference[] {
  return [...containerReferences(spec), ...volumeReferences(spec), ...pullReferences(spec)];
}

function containerReferences(spec: JsonObject): Reference[] {
  return containersOf(spec).flatMap(({ at, value }) =>
    ["env", "envFrom"].flatMap((list) => items(value, list).flatMap((item) => secretsIn(item, `${at}.${list}`, item))),
  );
}

function volumeReferences(spec: JsonObject): Reference[] {
  return volumesOf(spec).flatMap(({ at, value }) => [...secretsIn(value, at, value), ...claimsIn(value, at, value)]);
}

function pullReferences(spec: JsonObject): Reference[] {
  return items(spec, "imagePullSecrets").map((item) => ({
    kind: "Secret",
    name: String(item["name"]),
    at: "spec.imagePullSecrets",
    item,
  }));
}

/** Kubernetes names Secrets in some twenty places: by these fields, whatever the kind of volume. */
function secretsIn(value: unknown, at: string, item: unknown): Reference[] {
  return fieldsOf(value).flatMap(([key, inner]) => {
    const names = key === "secretName" ? [inner] : isObject(inner) && /secret/i.test(key) ? [inner["name"]] : [];
    const found = names
      .filter((name) => typeof name === "string")
      .map((name): Reference => ({ kind: "Secret", name, at, item }));
    return [...found, ...secretsIn(inner, at, item)];
  });
}

function claimsIn(value: unknown, at: string, item: unknown): Reference[] {
  return fieldsOf(value).flatMap(([key, inner]) => {
    const copied = isObject(inner) && (key === "dataSource" || key === "dataSourceRef") ? [inner["name"]] : [];
    const names = key === "claimName" ? [inner] : copied;
    const found = names
      .filter((name) => typeof name === "string")
      .map((name): Reference => ({ kind: "claim", name, at, item }));
    return [...found, ...claimsIn(inner, at, item)];
  });
}

function fieldsOf(value: unknown): [string, unknown][] {
  if (Array.isArray(value)) return value.map((item, index) => [String(index), item]);
  return isObject(value) ? Object.entries(value) : [];
}

/**
 * Mounts of what is inherited or the run's own that show more of it than was built: another folder of Paperclip's volume,
 * a key that the agent was not to see, or a right to write. Each problem is a phrase.
 */
export function deniedMounts(merged: JsonObject, built: JsonObject, rules: ReferenceRules): string[] {
  const isFree = createIsFree(rules);
  const sources = new Map(volumesOf(merged).map(({ value }) => [String(value["name"]), value]));
  const builtSources = new Map(volumesOf(built).map(({ value }) => [String(value["name"]), value]));
  const builtMounts = mountsOf(built, builtSources);
  return mountsOf(merged, sources)
    .filter(({ source, mount }) => source !== undefined && !isFree(source) && !isBuilt(mount, source, builtMounts))
    .map(
      ({ at, mount }) =>
        `${at}: found ${JSON.stringify(String(mount["subPath"] ?? mount["subPathExpr"] ?? "/").slice(0, 80))} of volume ${String(mount["name"])}, which is more of it than a run has`,
    );
}

interface PlacedMount {
  at: string;
  mount: JsonObject;
  source: JsonObject | undefined;
}

function mountsOf(spec: JsonObject, volumes: ReadonlyMap<string, JsonObject>): PlacedMount[] {
  return containersOf(spec).flatMap(({ at, value }) =>
    ["volumeMounts", "volumeDevices"].flatMap((list) =>
      items(value, list).map((mount) => ({
        at: `${at}.${list}[${String(mount["mountPath"] ?? mount["devicePath"])}]`,
        mount,
        source: volumes.get(String(mount["name"])),
      })),
    ),
  );
}

/** A volume that holds nothing of Paperclip's server: an agent may do with it what it likes. */
function createIsFree({ allow, withheld }: ReferenceRules): (volume: JsonObject) => boolean {
  const kept = new Set([
    ...(withheld?.secrets ?? []).filter((name) => !allow.secrets?.includes(name)),
    ...(withheld?.claims ?? []).filter((name) => !allow.claims?.includes(name)),
  ]);
  return (volume) =>
    volume["csi"] === undefined &&
    [...secretsIn(volume, "", volume), ...claimsIn(volume, "", volume)].every(({ name }) => !kept.has(name));
}

function isBuilt(mount: JsonObject, source: JsonObject | undefined, built: readonly PlacedMount[]): boolean {
  return built
    .filter((one) => sameSource(one.source, source))
    .some(
      (one) =>
        isDeepStrictEqual(one.mount, mount) ||
        (isWithin(mount, one.mount) && (mount["readOnly"] === true || one.mount["readOnly"] !== true)),
    );
}

function sameSource(one: JsonObject | undefined, other: JsonObject | undefined): boolean {
  const claimOf = (volume: JsonObject | undefined) => child(volume ?? {}, "persistentVolumeClaim")["claimName"];
  return claimOf(one) !== undefined ? claimOf(one) === claimOf(other) : isDeepStrictEqual(one, other);
}

/** Kubernetes takes no `..` in a subPath. What an expression of Paperclip's pod gives is not known. */
function isWithin(mount: JsonObject, whole: JsonObject): boolean {
  if (whole["subPathExpr"] || mount["mountPath"] === undefined) return false;
  const root = folderOf(whole["subPath"]);
  const folder = folderOf(mount["subPath"]);
  return root === "" || folder === root || folder.startsWith(`${root}/`);
}

function folderOf(subPath: unknown): string {
  return String(subPath ?? "")
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}
