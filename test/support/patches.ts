/** Patches of a pod template, each with what it shows. Their results are recorded from `kubectl` in test/fixtures/kubectl/patched.json. */
export const patches: Record<string, object> = {
  "an empty patch": {},
  "labels and annotations beside those that are there": {
    metadata: { labels: { team: "blue" }, annotations: { "example.com/scrape": "false" } },
  },
  "a sidecar, which goes in front": {
    spec: { containers: [{ name: "proxy", image: "proxy:1", env: [{ name: "A", value: "1" }] }] },
  },
  "new variables, in front of the old ones": {
    spec: {
      containers: [
        {
          name: "opencode",
          env: [
            { name: "EXTRA", value: "1" },
            { name: "MORE", value: "2" },
          ],
        },
      ],
    },
  },
  "old and new variables mixed, in an order of their own": {
    spec: {
      containers: [
        {
          name: "opencode",
          env: [
            { name: "HTTPS_PROXY", value: "http://other:1" },
            { name: "EXTRA", value: "1" },
            { name: "NODE_ENV", value: "development" },
          ],
        },
      ],
    },
  },
  "a variable removed, one added": {
    spec: {
      containers: [
        {
          name: "opencode",
          env: [
            { name: "NODE_ENV", $patch: "delete" },
            { name: "EXTRA", value: "1" },
          ],
        },
      ],
    },
  },
  "all variables replaced": {
    spec: { containers: [{ name: "opencode", env: [{ $patch: "replace" }, { name: "ONLY", value: "1" }] }] },
  },
  "an item that names the directive along with its own fields": {
    spec: { containers: [{ name: "opencode", $patch: "replace", image: "other:1" }] },
  },
  "a volume and its mount": {
    spec: {
      volumes: [{ name: "scratch", emptyDir: { medium: "Memory" } }],
      containers: [{ name: "opencode", volumeMounts: [{ name: "scratch", mountPath: "/scratch" }] }],
    },
  },
  "a mount changed by its path, another field of it kept": {
    spec: { containers: [{ name: "opencode", volumeMounts: [{ mountPath: "/etc/keys", subPath: "agents" }] }] },
  },
  "a volume's source changed with $retainKeys": {
    spec: { volumes: [{ name: "keys", $retainKeys: ["name", "configMap"], configMap: { name: "open-keys" } }] },
  },
  "an object replaced": { spec: { securityContext: { $patch: "replace", runAsUser: 2000 } } },
  "an object emptied": { spec: { securityContext: { $patch: "delete" } } },
  "fields removed with null": { spec: { nodeSelector: null, dnsConfig: { options: null } } },
  "a field removed that is not there": { spec: { priorityClassName: null } },
  "tolerations, replaced as a whole": { spec: { tolerations: [{ key: "gpu", operator: "Exists" }] } },
  "capabilities, replaced as a whole": {
    spec: { containers: [{ name: "opencode", securityContext: { capabilities: { drop: ["NET_RAW"] } } }] },
  },
  "affinity, with lists that are replaced": {
    spec: {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: "arch", operator: "In", values: ["amd64"] }] }],
          },
        },
      },
    },
  },
  "pull secrets by name": { spec: { imagePullSecrets: [{ name: "other" }, { name: "registry" }] } },
  "host aliases by ip": { spec: { hostAliases: [{ ip: "10.0.0.1", hostnames: ["db"] }] } },
  "init containers beside the run's own": {
    spec: { initContainers: [{ name: "warm-up", image: "busybox:1.36", command: ["true"] }] },
  },
  "resources, lifecycle and priority": {
    spec: {
      priorityClassName: "agents",
      containers: [
        {
          name: "opencode",
          resources: { limits: { "ephemeral-storage": "5Gi" } },
          lifecycle: { preStop: { exec: { command: ["sleep", "1"] } } },
        },
      ],
    },
  },
  "topology spread constraints": {
    spec: {
      topologySpreadConstraints: [{ topologyKey: "zone", maxSkew: 1, whenUnsatisfiable: "ScheduleAnyway" }],
    },
  },
};
