import { isDeepStrictEqual } from "node:util";
import { type Permit, type Policy, permits, policyVariable } from "../config/policy/policy.ts";
import { isObject, type JsonObject } from "../lib/json-object.ts";
import { child, containerLists, containersOf, items, type Placed, volumesOf } from "./pod-walk.ts";

/** A pod after the merge, and the spec that was built before it. */
export interface MergedPod {
  metadata: JsonObject;
  spec: JsonObject;
  built: JsonObject;
}

interface Found {
  at: string;
  found: unknown;
}

/** What gives a pod powers over its node, its cluster or other pods, and was not permitted; each problem is a phrase. */
export function deniedPowers(pod: MergedPod, { permit }: Pick<Policy, "permit">): string[] {
  const denied = permits.filter(({ name }) => !permit.includes(name));
  return [
    ...denied.flatMap(({ name }) =>
      look[name](pod).map(
        ({ at, found }) =>
          `${at}: found ${shown(found)}, which is denied unless the operator's policy ${policyVariable} permits ${name}`,
      ),
    ),
    ...containersOf(pod.spec)
      .filter(({ at }) => at.startsWith(`spec.${containerLists[2]}`))
      .map(({ at }) => `${at}: found a container for debugging, which no Job can have`),
  ];
}

const look: Readonly<Record<Permit, (pod: MergedPod) => Found[]>> = {
  hostPath: ({ spec }) => volumesOf(spec).flatMap((volume) => given(volume, "hostPath")),
  csiVolumes: ({ spec, built }) =>
    volumesOf(spec)
      .filter(({ value }) => !items(built, "volumes").some((volume) => isDeepStrictEqual(volume, value)))
      .flatMap((volume) => given(volume, "csi")),
  otherVolumes: ({ spec }) => volumesOf(spec).flatMap(otherKinds),
  hostNamespaces: ({ spec }) =>
    ["hostNetwork", "hostPID", "hostIPC", "hostUsers"].flatMap((field) => given({ at: "spec", value: spec }, field)),
  hostPorts: ({ spec }) =>
    containersOf(spec).flatMap(({ at, value }) =>
      items(value, "ports").flatMap((port, index) => given({ at: `${at}.ports[${index}]`, value: port }, "hostPort")),
    ),
  hostProbes: ({ spec }) => containersOf(spec).flatMap(hostHooks),
  privileged: ({ spec }) =>
    contextsOf(spec).flatMap((context) => [
      ...given(context, "privileged"),
      ...given(inside(context, "windowsOptions"), "hostProcess"),
    ]),
  privilegeEscalation: ({ spec }) => contextsOf(spec).flatMap((context) => given(context, "allowPrivilegeEscalation")),
  capabilities: ({ spec }) => contextsOf(spec).flatMap(addedCapabilities),
  rootUser: ({ spec }) => [
    ...contextsOf(spec).flatMap(zeroUser),
    ...containersOf(spec).flatMap((one) => mayBeRoot(one, spec)),
  ],
  unconfined: ({ metadata, spec }) => [
    ...containersOf(spec).flatMap((one) => withoutSeccomp(one, spec)),
    ...contextsOf(spec).flatMap(looseContext),
    ...looseAnnotations(metadata),
  ],
  sysctls: ({ spec }) =>
    items(child(spec, "securityContext"), "sysctls")
      .filter(({ name }) => !safeSysctls.has(String(name)))
      .map(({ name }) => ({ at: "spec.securityContext.sysctls", found: name })),
  nodeName: ({ spec }) => given({ at: "spec", value: spec }, "nodeName"),
  systemPriority: ({ spec }) =>
    String(spec["priorityClassName"]).startsWith("system-")
      ? given({ at: "spec", value: spec }, "priorityClassName")
      : [],
  serviceAccountToken: ({ spec }) => (serviceAccountOf(spec) === undefined ? tokens(spec) : []),
};

/** The account that a pod names; `serviceAccount` is the older name of the field, which Kubernetes still reads. */
export function serviceAccountOf(spec: JsonObject): string | undefined {
  const name = [spec["serviceAccountName"], spec["serviceAccount"]].find((value) => isGiven(value) && value !== "");
  return name === undefined ? undefined : String(name);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}

function given({ at, value }: Placed, field: string): Found[] {
  const found = value[field];
  return isGiven(found) && found !== 0 && found !== "" ? [{ at: `${at}.${field}`, found }] : [];
}

function inside({ at, value }: Placed, field: string): Placed {
  return { at: `${at}.${field}`, value: child(value, field) };
}

/** Of the pod and of each of its containers. */
function contextsOf(spec: JsonObject): Placed[] {
  return [{ at: "spec", value: spec }, ...containersOf(spec)].map((part) => inside(part, "securityContext"));
}

const knownKinds: ReadonlySet<string> = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "hostPath",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

function otherKinds({ at, value }: Placed): Found[] {
  const kinds = Object.keys(value).filter((key) => key !== "name" && !knownKinds.has(key) && isGiven(value[key]));
  const claim = child(child(child(value, "ephemeral"), "volumeClaimTemplate"), "spec");
  const sources = ["volumeName", "dataSource", "dataSourceRef"].flatMap((field) =>
    given({ at: `${at}.ephemeral`, value: claim }, field),
  );
  return [...kinds.map((kind) => ({ at: `${at}.${kind}`, found: value[kind] })), ...sources];
}

/** The kubelet itself calls these, from the node's own network. */
function hostHooks({ at, value }: Placed): Found[] {
  const hooks = [
    ...["livenessProbe", "readinessProbe", "startupProbe"].map((name) => inside({ at, value }, name)),
    ...["postStart", "preStop"].map((name) => inside(inside({ at, value }, "lifecycle"), name)),
  ];
  return hooks.flatMap((hook) => ["httpGet", "tcpSocket"].flatMap((action) => given(inside(hook, action), "host")));
}

function addedCapabilities({ at, value }: Placed): Found[] {
  const { add } = child(value, "capabilities");
  const names: unknown[] = Array.isArray(add) ? add : isGiven(add) ? [add] : [];
  return names
    .filter((name) => name !== "NET_BIND_SERVICE")
    .map((name) => ({ at: `${at}.capabilities.add`, found: name }));
}

function zeroUser({ at, value }: Placed): Found[] {
  return value["runAsUser"] === 0 ? [{ at: `${at}.runAsUser`, found: 0 }] : [];
}

function mayBeRoot({ at, value }: Placed, spec: JsonObject): Found[] {
  const own = child(value, "securityContext")["runAsNonRoot"];
  const nonRoot = own ?? child(spec, "securityContext")["runAsNonRoot"];
  return nonRoot === true ? [] : [{ at: `${at}.securityContext.runAsNonRoot`, found: nonRoot }];
}

function withoutSeccomp({ at, value }: Placed, spec: JsonObject): Found[] {
  const typeIn = (part: JsonObject) => child(child(part, "securityContext"), "seccompProfile")["type"];
  const type = typeIn(value) ?? typeIn(spec);
  return type === "RuntimeDefault" || type === "Localhost"
    ? []
    : [{ at: `${at}.securityContext.seccompProfile.type`, found: type }];
}

/** The SELinux types that Pod Security's level baseline takes. */
const confinedTypes: ReadonlySet<unknown> = new Set([
  undefined,
  "",
  "container_t",
  "container_init_t",
  "container_kvm_t",
  "container_engine_t",
]);

function looseContext({ at, value }: Placed): Found[] {
  const { procMount } = value;
  const appArmor = child(value, "appArmorProfile")["type"];
  const seLinux = inside({ at, value }, "seLinuxOptions");
  return [
    ...(isGiven(procMount) && procMount !== "Default" ? [{ at: `${at}.procMount`, found: procMount }] : []),
    ...(appArmor === "Unconfined" ? [{ at: `${at}.appArmorProfile.type`, found: appArmor }] : []),
    ...(confinedTypes.has(seLinux.value["type"]) ? [] : given(seLinux, "type")),
    ...given(seLinux, "user"),
    ...given(seLinux, "role"),
  ];
}

/** How Kubernetes before 1.30 named profiles; it reads them still. */
function looseAnnotations(metadata: JsonObject): Found[] {
  return Object.entries(child(metadata, "annotations"))
    .filter(([key, value]) => /^(container\.apparmor|(container\.)?seccomp)\./.test(key) && value === "unconfined")
    .map(([key, found]) => ({ at: `metadata.annotations.${key}`, found }));
}

/** Pod Security, level baseline, of Kubernetes 1.34. */
const safeSysctls: ReadonlySet<string> = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_wmem",
]);

function tokens(spec: JsonObject): Found[] {
  const mounted = spec["automountServiceAccountToken"];
  const automatic =
    mounted === false ? [] : [{ at: "spec.automountServiceAccountToken", found: mounted ?? "no value" }];
  const projected = volumesOf(spec).flatMap((volume) =>
    items(child(volume.value, "projected"), "sources").flatMap((source) =>
      ["serviceAccountToken", "podCertificate"].flatMap((field) =>
        given({ at: `${volume.at}.projected`, value: source }, field),
      ),
    ),
  );
  return [...automatic, ...projected];
}

function shown(found: unknown): string {
  if (found === undefined) return "nothing";
  if (isObject(found)) return `an object with ${Object.keys(found).slice(0, 5).join(", ").slice(0, 80)}`;
  return Array.isArray(found) ? `a list of ${found.length}` : JSON.stringify(found).slice(0, 80);
}

/**
 * The template with `allowPrivilegeEscalation: false` in each container that does not say: Kubernetes' own default lets
 * a program in it become root by a setuid bit.
 */
export function withoutEscalation(spec: JsonObject, { permit }: Pick<Policy, "permit">): JsonObject {
  if (permit.includes("privilegeEscalation")) return spec;
  const lists = ["containers", "initContainers"].filter((list) => Array.isArray(spec[list]));
  const held = lists.map((list) => [list, (spec[list] as unknown[]).map(holdBack)]);
  return { ...spec, ...Object.fromEntries(held) };
}

function holdBack(container: unknown): unknown {
  if (!isObject(container)) return container;
  const context = child(container, "securityContext");
  // The API server refuses the pairs.
  const added = addedCapabilities({ at: "", value: context }).map(({ found }) => String(found).replace(/^CAP_/, ""));
  if (isGiven(context["privileged"]) || added.includes("SYS_ADMIN")) return container;
  if (isGiven(context["allowPrivilegeEscalation"])) return container;
  return { ...container, securityContext: { ...context, allowPrivilegeEscalation: false } };
}
