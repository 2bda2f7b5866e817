import { isDeepStrictEqual } from "node:util";
import type { Job } from "../cluster/cluster.ts";
import type { PodTemplate } from "../config/kinds/pod-template.ts";
import { isObject, type JsonObject } from "../lib/json-object.ts";
import { containerName, label, promptContainerName } from "./names.ts";
import { child, items } from "./pod-walk.ts";
import { type MergeRule, strategicMerge } from "./strategic-merge.ts";

export type BuiltTemplate = NonNullable<Job["spec"]>["template"];

/** What a run cannot do without; everything else of a built pod is a default that a user may change. */
export interface OwnParts {
  /** Names of the agent container's variables. */
  env: ReadonlySet<string>;
  /** Names of volumes; their mounts are own as well. */
  volumes: ReadonlySet<string>;
}

export type MergedTemplate = { kind: "merged"; template: BuiltTemplate } | { kind: "refused"; problems: string[] };

/** API 1.34, patchMergeKey of each list of a pod; two of them have further keys that tell their items apart. */
const container: MergeRule = {
  keys: ["name"],
  fields: {
    env: { keys: ["name"], oneOf: ["value", "valueFrom"] },
    ports: { keys: ["containerPort", "protocol"] },
    volumeMounts: { keys: ["mountPath"] },
    volumeDevices: { keys: ["devicePath"] },
  },
};
export const podTemplateRule: MergeRule = {
  fields: {
    spec: {
      fields: {
        containers: container,
        initContainers: container,
        ephemeralContainers: container,
        volumes: { keys: ["name"] },
        imagePullSecrets: { keys: ["name"] },
        hostAliases: { keys: ["ip"] },
        topologySpreadConstraints: { keys: ["topologyKey", "whenUnsatisfiable"] },
        resourceClaims: { keys: ["name"] },
        schedulingGates: { keys: ["name"] },
      },
    },
  },
};

/** The user's template over the built one, as `kubectl patch` would merge it, unless it takes away what the run needs. */
export function mergePodTemplate(built: BuiltTemplate, podTemplate: PodTemplate, own: OwnParts): MergedTemplate {
  const merge = strategicMerge(built as JsonObject, forThisRun(podTemplate, built as JsonObject), podTemplateRule);
  if (merge.kind === "malformed") return { kind: "refused", problems: merge.problems };
  const problems = lostParts(built as JsonObject, merge.value, own);
  return problems.length > 0
    ? { kind: "refused", problems }
    : { kind: "merged", template: merge.value as BuiltTemplate };
}

/**
 * The prompt's init container is there for large prompts alone. What a template changes in it counts where it is: in any
 * other run it would be a new container without an image.
 */
function forThisRun(podTemplate: PodTemplate, built: JsonObject): JsonObject {
  const isPrompt = ({ name }: JsonObject) => name === promptContainerName;
  const { initContainers } = podTemplate.spec ?? {};
  if (initContainers === undefined || items(child(built, "spec"), "initContainers").some(isPrompt)) return podTemplate;
  const others = initContainers.filter((container) => !isPrompt(container) || container["image"] !== undefined);
  return { ...podTemplate, spec: { ...podTemplate.spec, initContainers: others } };
}

interface Part {
  what: string;
  built: unknown;
  merged: unknown;
}

function lostParts(built: JsonObject, merged: JsonObject, own: OwnParts): string[] {
  const parts = [
    ...metadataParts(child(built, "metadata"), child(merged, "metadata")),
    ...podParts(child(built, "spec"), child(merged, "spec"), own),
  ];
  const lost = parts.filter(({ merged }) => merged === undefined);
  const changed = parts.filter(({ built, merged }) => merged !== undefined && !isDeepStrictEqual(built, merged));
  const told = (verb: string, found: readonly Part[]) =>
    found.length === 0 ? [] : [`it ${verb} what the run needs: ${found.map(({ what }) => what).join(", ")}`];
  return [...told("takes away", lost), ...told("changes", changed)];
}

function metadataParts(built: JsonObject, merged: JsonObject): Part[] {
  const ownLabels: ReadonlySet<string> = new Set(Object.values(label));
  return [
    ...entryParts("label", child(built, "labels"), child(merged, "labels")).filter(({ key }) => ownLabels.has(key)),
  ];
}

function entryParts(kind: string, built: JsonObject, merged: JsonObject): (Part & { key: string })[] {
  return Object.entries(built).map(([key, value]) => ({
    key,
    what: `${kind} ${key}`,
    built: value,
    merged: merged[key],
  }));
}

function podParts(built: JsonObject, merged: JsonObject, own: OwnParts): Part[] {
  const isOwn = ({ name }: JsonObject) => own.volumes.has(String(name));
  return [
    { what: "restartPolicy", built: built["restartPolicy"], merged: merged["restartPolicy"] },
    ...itemParts(
      "volume",
      { built: items(built, "volumes").filter(isOwn), merged: items(merged, "volumes") },
      "name",
    ).map(withAddedLimits),
    ...containerParts("containers", containerName, { built, merged, own }),
    ...containerParts("initContainers", promptContainerName, { built, merged, own: { ...own, env: new Set() } }),
  ];
}

/** An emptyDir may get a size or a medium. */
function withAddedLimits(part: Part): Part {
  const { built, merged } = part;
  if (!isObject(built) || !isObject(merged) || !isObject(built["emptyDir"]) || !isObject(merged["emptyDir"]))
    return part;
  return { ...part, built: { ...built, emptyDir: merged["emptyDir"] } };
}

function containerParts(
  list: "containers" | "initContainers",
  name: string,
  { built, merged, own }: { built: JsonObject; merged: JsonObject; own: OwnParts },
): Part[] {
  const find = (spec: JsonObject) => items(spec, list).find((candidate) => candidate["name"] === name);
  const [before, after] = [find(built), find(merged)];
  if (!before) return [];
  const whole = `container ${name}`;
  if (!after) return [{ what: whole, built: before, merged: undefined }];
  const env = items(before, "env").filter((variable) => own.env.has(String(variable["name"])));
  const mounts = items(before, "volumeMounts").filter((mount) => own.volumes.has(String(mount["name"])));
  return [
    ...["command", "args", "workingDir"]
      .filter((field) => before[field] !== undefined || after[field] !== undefined)
      .map((field) => ({ what: `${field} of ${whole}`, built: before[field], merged: after[field] ?? undefined })),
    ...itemParts(`${whole}'s variable`, { built: env, merged: items(after, "env") }, "name"),
    ...itemParts(`${whole}'s mount`, { built: mounts, merged: items(after, "volumeMounts") }, "mountPath"),
  ];
}

function itemParts(
  kind: string,
  { built, merged }: { built: readonly JsonObject[]; merged: readonly JsonObject[] },
  key: string,
): Part[] {
  return built.map((item) => ({
    what: `${kind} ${item[key]}`,
    built: item,
    merged: merged.find((candidate) => candidate[key] === item[key]),
  }));
}
