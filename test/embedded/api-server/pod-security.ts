import type { PodSpec } from "./objects.ts";

type AnyContainer = PodSpec["containers"][number];

const allowedVolumes = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];
const seccompTypes = ["RuntimeDefault", "Localhost"];

/** What a pod does against the Pod Security level "restricted", in the words and order of the real check (seen with 1.34). */
export function restrictedViolations(spec: PodSpec): string[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return [
    hostNamespaces(spec),
    privileged(containers),
    escalation(containers),
    capabilities(containers),
    volumeTypes(spec),
    nonRoot(spec, containers),
    rootUser(spec, containers),
    seccomp(spec, containers),
  ].filter((violation) => violation !== "");
}

function named(containers: readonly AnyContainer[]): string {
  const names = containers.map(({ name }) => `"${name}"`).join(", ");
  return `${containers.length === 1 ? "container" : "containers"} ${names}`;
}

function hostNamespaces({ hostNetwork, hostPID, hostIPC }: PodSpec): string {
  const used = Object.entries({ hostNetwork, hostPID, hostIPC }).filter(([, value]) => value === true);
  return used.length === 0 ? "" : `host namespaces (${used.map(([key]) => `${key}=true`).join(", ")})`;
}

function privileged(containers: readonly AnyContainer[]): string {
  const bad = containers.filter((each) => each.securityContext?.privileged === true);
  return bad.length === 0 ? "" : `privileged (${named(bad)} must not set securityContext.privileged=true)`;
}

function escalation(containers: readonly AnyContainer[]): string {
  const bad = containers.filter((each) => each.securityContext?.allowPrivilegeEscalation !== false);
  if (bad.length === 0) return "";
  return `allowPrivilegeEscalation != false (${named(bad)} must set securityContext.allowPrivilegeEscalation=false)`;
}

function capabilities(containers: readonly AnyContainer[]): string {
  const undropped = containers.filter((each) => !each.securityContext?.capabilities?.drop?.includes("ALL"));
  const extra = (each: AnyContainer) =>
    (each.securityContext?.capabilities?.add ?? []).filter((name) => name !== "NET_BIND_SERVICE");
  const adding = containers.filter((each) => extra(each).length > 0);
  const added = [...new Set(adding.flatMap(extra))].map((name) => `"${name}"`).join(", ");
  const texts = [
    ...(undropped.length > 0 ? [`${named(undropped)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length > 0 ? [`${named(adding)} must not include ${added} in securityContext.capabilities.add`] : []),
  ];
  return texts.length === 0 ? "" : `unrestricted capabilities (${texts.join("; ")})`;
}

function volumeTypes({ volumes = [] }: PodSpec): string {
  const bad = volumes
    .map((volume) => ({ name: volume.name, type: Object.keys(volume).find((key) => key !== "name") ?? "unknown" }))
    .filter(({ type }) => !allowedVolumes.includes(type));
  if (bad.length === 0) return "";
  const names = bad.map(({ name }) => `"${name}"`).join(", ");
  const types = [...new Set(bad.map(({ type }) => `"${type}"`))].sort().join(", ");
  const volumesUse =
    bad.length === 1
      ? `volume ${names} uses restricted volume type`
      : `volumes ${names} use restricted volume ${types.includes(",") ? "types" : "type"}`;
  return `restricted volume types (${volumesUse} ${types})`;
}

function nonRoot(spec: PodSpec, containers: readonly AnyContainer[]): string {
  const podSets = spec.securityContext?.runAsNonRoot;
  const bad = containers.filter((each) => (each.securityContext?.runAsNonRoot ?? podSets) !== true);
  if (bad.length === 0) return "";
  return `runAsNonRoot != true (pod or ${named(bad)} must set securityContext.runAsNonRoot=true)`;
}

function rootUser(spec: PodSpec, containers: readonly AnyContainer[]): string {
  const bad = containers.filter((each) => each.securityContext?.runAsUser === 0);
  const who = [...(spec.securityContext?.runAsUser === 0 ? ["pod"] : []), ...(bad.length > 0 ? [named(bad)] : [])];
  return who.length === 0 ? "" : `runAsUser=0 (${who.join(" and ")} must not set runAsUser=0)`;
}

function seccomp(spec: PodSpec, containers: readonly AnyContainer[]): string {
  const podType = spec.securityContext?.seccompProfile?.type;
  const bad = containers.filter((each) => {
    const type = each.securityContext?.seccompProfile?.type ?? podType;
    return type === undefined || !seccompTypes.includes(type);
  });
  if (bad.length === 0) return "";
  return `seccompProfile (pod or ${named(bad)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`;
}
