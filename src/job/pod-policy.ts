import type { Pod } from "../cluster/cluster.ts";

type PodSpec = NonNullable<Pod["spec"]>;
type Container = PodSpec["containers"][number];

/** Every pod of ours, as the namespace level "restricted" of Pod Security demands. */
export const podSecurity: NonNullable<PodSpec["securityContext"]> = {
  runAsNonRoot: true,
  runAsUser: 1000,
  runAsGroup: 1000,
  fsGroup: 1000,
  // A recursive chown of a large shared volume at each mount takes minutes.
  fsGroupChangePolicy: "OnRootMismatch",
  seccompProfile: { type: "RuntimeDefault" },
};

export const containerSecurity: NonNullable<Container["securityContext"]> = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  runAsUser: 1000,
  runAsGroup: 1000,
};

/** What copying a prompt takes; set, since a quota may demand it of every container. */
export const copyResources: NonNullable<Container["resources"]> = {
  requests: { cpu: "10m", memory: "32Mi" },
  limits: { cpu: "500m", memory: "128Mi" },
};
