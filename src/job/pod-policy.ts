import type { Pod } from "../cluster/cluster.ts";
import type { JobRequest } from "./job-request.ts";

type PodSpec = NonNullable<Pod["spec"]>;
type Container = PodSpec["containers"][number];

/** How the pod's user is chosen: 1000, or the first of the namespace's own range, which OpenShift fills in. */
export type SecurityProfile = "restricted" | "openshift";

/**
 * The profile of a run's pod. OpenShift's `restricted-v2` refuses a user outside the namespace's range and fills in one of
 * it where none is named; it marks each pod that it admits, Paperclip's own too.
 */
export function securityProfile({ settings, host }: Pick<JobRequest, "settings" | "host">): SecurityProfile {
  if (settings.securityProfile !== "auto") return settings.securityProfile;
  return host?.admittedByOpenShift ? "openshift" : "restricted";
}

const user = { runAsUser: 1000, runAsGroup: 1000 };

/** Every pod of ours, as the namespace level "restricted" of Pod Security demands. */
export function podSecurity(profile: SecurityProfile): NonNullable<PodSpec["securityContext"]> {
  return {
    runAsNonRoot: true,
    ...(profile === "restricted" ? { ...user, fsGroup: 1000 } : {}),
    // A recursive chown of a large shared volume at each mount takes minutes.
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}

export function containerSecurity(profile: SecurityProfile): NonNullable<Container["securityContext"]> {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    runAsNonRoot: true,
    ...(profile === "restricted" ? user : {}),
  };
}

/** What copying a prompt takes; set, since a quota may demand it of every container. */
export const copyResources: NonNullable<Container["resources"]> = {
  requests: { cpu: "10m", memory: "32Mi", "ephemeral-storage": "0" },
  limits: { cpu: "500m", memory: "128Mi", "ephemeral-storage": "64Mi" },
};

/** A run that is moved is lost: each asks one of the programs that empty nodes to leave the pod (their documents). */
const evictionProtection: Readonly<Record<string, string>> = {
  "karpenter.sh/do-not-disrupt": "true",
  "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
};

/**
 * A classic Istio sidecar starts together with the agent, whose first request then finds no network: the agent's container
 * waits for it (Istio: ProxyConfig.holdApplicationUntilProxyStarts). Without Istio nobody reads the annotation; Linkerd
 * and native sidecars wait by themselves.
 */
const meshStart: Readonly<Record<string, string>> = {
  "proxy.istio.io/config": '{"holdApplicationUntilProxyStarts":true}',
};

/** What the pod asks of programs that it knows by name alone. A podTemplate may change any of it. */
export function podAnnotations({ settings }: Pick<JobRequest, "settings">): Record<string, string> {
  return { ...meshStart, ...(settings.evictionProtection ? evictionProtection : {}) };
}
