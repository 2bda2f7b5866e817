import * as z from "zod";
import { isQuantity } from "../formats/quantity.ts";

/** The variable of Paperclip's Deployment that holds the policy, or names its file. */
export const policyVariable = "OPENCODE_K8S_POLICY";

/** A pod that is told to end keeps its key and its node for as long. */
export const longestGraceSec = 600;

/** What no agent's pod may have unless the policy permits it by this name. */
export const permits = [
  { name: "hostPath", what: "volumes on the node's own disk (`hostPath`)" },
  { name: "csiVolumes", what: "CSI volumes in the pod, beside those that it inherits" },
  {
    name: "otherVolumes",
    what: "volumes of kinds that Pod Security's level restricted does not know, such as `nfs`; `ephemeral` volumes that name a volume or a snapshot",
  },
  { name: "hostNamespaces", what: "`hostNetwork`, `hostPID`, `hostIPC`, `hostUsers`" },
  { name: "hostPorts", what: "ports of the node (`hostPort`)" },
  { name: "hostProbes", what: "probes and hooks that make the node call another address (`host`)" },
  { name: "privileged", what: "privileged containers, and Windows' `hostProcess`" },
  {
    name: "privilegeEscalation",
    what: "`allowPrivilegeEscalation`; without it a container that says nothing gets `false`",
  },
  { name: "capabilities", what: "added Linux capabilities, but for `NET_BIND_SERVICE`" },
  { name: "rootUser", what: "containers that may run as root" },
  {
    name: "unconfined",
    what: "containers without seccomp or AppArmor, with `procMount` or SELinux options of their own",
  },
  { name: "sysctls", what: "sysctls beyond those that Pod Security calls safe" },
  { name: "nodeName", what: "a node chosen past the scheduler" },
  { name: "systemPriority", what: "the priority classes of the cluster's own parts (`system-…`)" },
  { name: "serviceAccountToken", what: "a service account's token where no service account is named" },
] as const;

export type Permit = (typeof permits)[number]["name"];

interface AllowRow {
  what: string;
  /** Whether an agent that does not say what it wants may run all the same. */
  unset: boolean;
}

/** Lists of what agents may name. A list that is absent allows everything that is not denied. */
export const allowLists = {
  namespace: { what: "namespaces", unset: false },
  image: {
    what: "images, of every container and image volume. Paperclip's own is always allowed; for `initImage` too, if that has no list",
    unset: true,
  },
  initImage: { what: "images of the prompt's init container. The default is always allowed", unset: true },
  serviceAccountName: {
    what: "service accounts. Paperclip's own is denied unless it stands here by its full name",
    unset: true,
  },
  kubeconfig: { what: "paths of kubeconfig files", unset: true },
  runtimeClassName: { what: "runtime classes", unset: false },
  agentDbStorageClass: { what: "storage classes of agents' claims", unset: true },
  labels: { what: "keys of labels, in `labels` and in `podTemplate`", unset: true },
  nodeSelector: {
    what: "keys of node labels, in `nodeSelector` and in `podTemplate`. To hold agents on some nodes, fix `nodeSelector`",
    unset: true,
  },
  podTemplate: {
    what: "paths that a podTemplate may set, with all below them, such as `spec.containers[].resources`",
    unset: true,
  },
  secrets: {
    what: "Secrets that a podTemplate may name. One that Paperclip's own pod uses is denied unless it stands here by its full name",
    unset: true,
  },
  claims: {
    what: "volume claims that a podTemplate may name. One that Paperclip's own pod uses is denied unless it stands here by its full name",
    unset: true,
  },
  priorityClassNames: { what: "priority classes that a podTemplate may name", unset: true },
} as const satisfies Record<string, AllowRow>;

export type AllowKey = keyof typeof allowLists;

/** The most that agents may have. A default above a limit gives way to it. */
export const limitRows = {
  resources:
    "the pod's requests and limits, all its containers together; a resource that is not named has no limit here",
  timeoutSec: "seconds of a run. A run without a timeout gets this one",
  inactivityTimeoutSec: "seconds of silence. A run without this timeout gets this one",
  graceSec: `seconds to end, ${longestGraceSec} in any case`,
  ttlSecondsAfterFinished: "seconds that a finished Job stays; `retainJobs` is refused then",
  agentDbStorageCapacity: "the size of an agent's claim",
} as const;

const names = z.array(z.string({ error: "text" }), { error: "a list of names" });
const seconds = z.int({ error: "whole seconds" }).positive({ error: "at least 1" });
const amount = z
  .union([z.string(), z.number()], { error: "an amount, such as 500m or 4Gi" })
  .transform(String)
  .refine(isQuantity, { error: "an amount, such as 500m or 4Gi" });
const amounts = z.record(z.string(), amount, { error: "an object of resource names and amounts" });

function optionalOf<const K extends string, T extends z.ZodType>(keys: readonly K[], schema: T) {
  return Object.fromEntries(keys.map((key) => [key, schema.optional()])) as Record<K, z.ZodOptional<T>>;
}

/** A heading without anything below it says nothing, as in YAML. */
function section<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => value ?? {}, schema);
}

export const policySchema = z.strictObject(
  {
    fixed: section(z.record(z.string(), z.unknown(), { error: "an object of settings and values" })),
    allow: section(
      z.strictObject(optionalOf(Object.keys(allowLists) as AllowKey[], names), { error: "an object of lists" }),
    ),
    limits: section(
      z.strictObject(
        {
          ...optionalOf(["timeoutSec", "inactivityTimeoutSec", "graceSec", "ttlSecondsAfterFinished"], seconds),
          agentDbStorageCapacity: amount.optional(),
          resources: z
            .strictObject(optionalOf(["requests", "limits"], amounts), { error: "an object with requests and limits" })
            .optional(),
        },
        { error: "an object of limits" },
      ),
    ),
    permit: z.preprocess(
      (value) => value ?? [],
      z.array(
        z.enum(
          permits.map(({ name }) => name),
          { error: "a name of the list of permits" },
        ),
        {
          error: "a list of permits",
        },
      ),
    ),
  },
  { error: "an object with fixed, allow, limits or permit" },
);

/** What the operator of Paperclip lets its agents' settings say. */
export type Policy = Readonly<z.output<typeof policySchema>>;

/** Without a policy only what is denied by default is. */
export const noPolicy: Policy = { fixed: {}, allow: {}, limits: {}, permit: [] };
