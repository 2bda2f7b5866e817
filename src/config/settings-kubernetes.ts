import { posix } from "node:path";
import { type FormPart, optional, withDefault } from "./field.ts";
import { isImageReference } from "./formats/image-reference.ts";
import { isDnsLabel, isDnsSubdomain } from "./formats/kubernetes-names.ts";
import { labelsKind, nodeSelectorKind } from "./kinds/key-values.ts";
import { podTemplateKind } from "./kinds/pod-template.ts";
import { defaultResources, resourcesKind } from "./kinds/resources.ts";
import { choiceKind, positiveSecondsKind, textKind, toggleKind } from "./kinds/scalars.ts";
import { tolerationsKind } from "./kinds/tolerations.ts";

const imageKind = textKind({
  accepts: isImageReference,
  expected: "an image, such as registry.example.com/team/agent:1.2",
});
const subdomainKind = (what: string) =>
  textKind({ accepts: isDnsSubdomain, expected: `${what}: lowercase letters, digits, - and .` });

const { requests, limits } = defaultResources;
const resourceParts: readonly FormPart[] = [
  resourcePart("requests.cpu", "CPU request", requests["cpu"]),
  resourcePart("requests.memory", "Memory request", requests["memory"]),
  resourcePart("limits.cpu", "CPU limit", limits["cpu"]),
  resourcePart("limits.memory", "Memory limit", limits["memory"]),
];

/** A path as it is kept, without `..`: lists of paths are compared with it. */
function isServerFile(path: string): boolean {
  const shared = path === "/paperclip" || path.startsWith("/paperclip/");
  return path.startsWith("/") && !path.includes("\n") && !shared && posix.normalize(path) === path;
}

function resourcePart(name: string, label: string, fallback: string | undefined): FormPart {
  const example = name.endsWith("cpu") ? "500m or 2" : "512Mi or 4Gi";
  const none = name.startsWith("limits") ? "; none for no limit" : "";
  return { key: `resources.${name}`, label, hint: `Such as ${example}${none}. Default: ${fallback}.` };
}

function amountsText(amounts: Readonly<Record<string, string>>): string {
  return Object.entries(amounts)
    .map(([name, amount]) => `${name} ${amount}`)
    .join(", ");
}

const defaultTtlSec = 300;
/** As the limits of `pod/` have them. */
export const defaultStartTimeoutSec = 900;
export const defaultImagePullTimeoutSec = 300;

export const kubernetesSettings = {
  namespace: optional(
    textKind({ accepts: isDnsLabel, expected: "the name of a namespace: up to 63 lowercase letters, digits and -" }),
    { label: "Namespace", hint: "Namespace for the agent's Jobs.", defaultText: "Paperclip's own" },
  ),
  image: optional(imageKind, {
    label: "Image",
    hint: "Container image of the agent; opencode must be in it.",
    defaultText: "Paperclip's own",
  }),
  imagePullPolicy: optional(choiceKind(["IfNotPresent", "Always", "Never"], "Kubernetes decides"), {
    label: "Image pull policy",
    hint: "When the node pulls the image: IfNotPresent, Always or Never.",
    defaultText: "Kubernetes decides",
  }),
  kubeconfig: optional(
    textKind({
      accepts: isServerFile,
      expected:
        "the absolute path of a kubeconfig file, not its contents, outside /paperclip, where agents can write it",
    }),
    {
      label: "Kubeconfig",
      hint: "Absolute path of a kubeconfig file on Paperclip's machine, outside /paperclip, to reach another cluster.",
      defaultText: "in-cluster",
    },
  ),
  serviceAccountName: optional(subdomainKind("the name of a service account"), {
    label: "Service account",
    hint: "Service account of the Job's pod. Its token is mounted only when this is set.",
    defaultText: "the namespace's default, without a token",
  }),
  resources: withDefault(resourcesKind, defaultResources, {
    label: "Resources",
    hint: "Requests and limits of CPU, memory and any other resource, such as ephemeral-storage or nvidia.com/gpu; null or none takes a default away.",
    defaultText: `requests ${amountsText(requests)}; limits ${amountsText(limits)}`,
    askedBy: resourceParts,
  }),
  nodeSelector: optional(nodeSelectorKind, {
    label: "Node selector",
    hint: "key=value pairs, one per line; {} for none at all.",
    defaultText: "Paperclip's own",
  }),
  tolerations: optional(tolerationsKind, {
    label: "Tolerations",
    hint: "The pod's tolerations, a list in YAML; [] for none at all.",
    defaultText: "Paperclip's own",
  }),
  labels: withDefault(
    labelsKind,
    {},
    {
      label: "Labels",
      hint: "key=value pairs, one per line, added to the Job and its pod, such as kueue.x-k8s.io/queue-name=agents.",
      defaultText: "none",
    },
  ),
  runtimeClassName: optional(subdomainKind("the name of a RuntimeClass"), {
    label: "Runtime class",
    hint: "RuntimeClass of the pod, such as gvisor.",
    defaultText: "the cluster's own",
  }),
  securityProfile: withDefault(choiceKind(["auto", "restricted", "openshift"]), "auto", {
    label: "Security profile",
    hint: "Whose user the pod runs as: restricted (user 1000), openshift (one of the namespace's own range), or auto (openshift where Paperclip's own pod was admitted by a SecurityContextConstraint).",
  }),
  evictionProtection: withDefault(toggleKind, true, {
    label: "Eviction protection",
    hint: "Asks Karpenter and the cluster autoscaler by annotations not to move the pod while it runs.",
  }),
  podTemplate: optional(podTemplateKind, {
    label: "Pod template",
    hint: "metadata and spec in YAML, merged over the pod, lists by name; the agent's container is opencode. For affinity, priority class, sidecars, extra volumes.",
  }),
  initImage: withDefault(imageKind, "busybox:1.36", {
    label: "Init image",
    hint: "Image with a shell for the init container that copies prompts over 256 KiB.",
  }),
  startTimeoutSec: withDefault(positiveSecondsKind(defaultStartTimeoutSec), defaultStartTimeoutSec, {
    label: "Start timeout (sec)",
    hint: "Seconds a pod has to start: a node, its volumes, its images. Time in a queue that keeps the Job suspended does not count; 0 means the default.",
  }),
  imagePullTimeoutSec: withDefault(positiveSecondsKind(defaultImagePullTimeoutSec), defaultImagePullTimeoutSec, {
    label: "Image pull timeout (sec)",
    hint: "Seconds a registry may be away, or throttle the node, before the run fails; an image that the registry does not have fails after 20. 0 means the default.",
  }),
  ttlSecondsAfterFinished: withDefault(positiveSecondsKind(defaultTtlSec), defaultTtlSec, {
    label: "Keep finished Jobs (sec)",
    hint: "Seconds before Kubernetes deletes a finished Job that is still there; 0 means the default.",
  }),
  retainJobs: withDefault(toggleKind, false, {
    label: "Retain Jobs",
    hint: "Keeps finished Jobs for debugging, without a time limit.",
  }),
  reattachOrphanedJobs: withDefault(toggleKind, false, {
    label: "Reattach orphaned Jobs",
    hint: "After a restart of Paperclip, takes over a Job of the same task that still runs.",
  }),
};
