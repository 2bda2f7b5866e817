/**
 * Every call this program makes, by the rule that allows it. The Role in `examples/`, the README, the health check and
 * the tests read this list.
 */
export const permissions = [
  {
    group: "batch",
    resource: "jobs",
    verbs: ["create", "delete", "get", "list", "patch"],
    why: "start an agent's run, find a run that lives, resume a prepared Job, remove a finished one",
  },
  {
    group: "",
    resource: "pods",
    verbs: ["delete", "get", "list", "watch"],
    why: "read Paperclip's own pod, follow the state of a run's pod, stop it",
  },
  { group: "", resource: "pods/log", verbs: ["get"], why: "follow a run's output" },
  {
    group: "",
    resource: "secrets",
    verbs: ["create", "get"],
    why: "give a run its key and large prompts; check the Secrets it mounts",
  },
  {
    group: "",
    resource: "persistentvolumeclaims",
    verbs: ["create", "get"],
    why: "check the shared claim, make an agent's database claim (agentDbMode: dedicated_pvc)",
  },
  { group: "", resource: "events", verbs: ["list"], why: "say in the cluster's words why a pod does not start" },
  {
    group: "",
    resource: "namespaces",
    verbs: ["get"],
    why: "check that a namespace other than Paperclip's own exists",
  },
] as const satisfies readonly Permission[];

export interface Permission {
  group: string;
  resource: string;
  verbs: readonly string[];
  why: string;
}
