import type { FailureFamily } from "../lib/failure-family.ts";
import { creationFailures } from "./creation-failures.ts";
import { opencodeFailures } from "./opencode-failures.ts";
import { settingsFailures } from "./settings-failures.ts";

/** What is known of one way to fail. */
export interface FailureRow {
  readonly code: string;
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly hint: string;
  readonly family?: FailureFamily;
}

/**
 * Every code that a run can end with, in the order of a run. Codes are stable: none is renamed or used for another
 * meaning. `k8s_` is the cluster's, `opencode_` the agent program's;
 * codes without such a beginning are Paperclip's own words, which its server reads.
 */
export const failures = [
  ...settingsFailures,
  {
    code: "k8s_not_in_cluster",
    meaning: "Paperclip's own pod could not be read, so image, volume and Secrets cannot be taken from it.",
    hint: "Run Paperclip in the cluster with the documented Role, or set image, and kubeconfig outside a cluster.",
  },
  {
    code: "k8s_connection_failed",
    meaning: "The kubeconfig cannot be read, or the Kubernetes API does not answer.",
    hint: "Check the kubeconfig setting, the cluster's address, and that Paperclip may reach it.",
  },
  {
    code: "k8s_permission_denied",
    meaning: "Paperclip's service account may not do what a run needs.",
    hint: "Apply the documented Role in the namespace that the message names.",
  },
  {
    code: "k8s_namespace_missing",
    meaning: "The namespace for the agent's Jobs does not exist.",
    hint: "Create the namespace, or correct the namespace setting.",
  },
  {
    code: "k8s_namespace_terminating",
    meaning: "The namespace for the agent's Jobs is being deleted, and takes nothing new.",
    hint: "Create the namespace anew once it is gone, or correct the namespace setting.",
  },
  {
    code: "k8s_prompt_too_large",
    meaning: "The prompt is over 16 MiB, more than can be carried into a pod. Nothing was created in the cluster.",
    hint: "Shorten the instructions file or the task, or choose fewer skills.",
  },
  {
    code: "workspace_validation_failed",
    meaning: "The task's project workspace is not there for the agent's pod. Nothing was created in the cluster.",
    hint: "Keep project workspaces below /paperclip on a ReadWriteMany claim, or mount their volume at the same path with podTemplate; then comment on the task.",
  },
  {
    code: "k8s_concurrent_run_blocked",
    meaning: "Another Job of the same agent kept running, and this run has waited for an hour.",
    hint: "Stop the other run, delete its Job if nobody needs it, or set timeoutSec so that runs end.",
    family: "transient_upstream",
  },
  ...creationFailures,
  {
    code: "k8s_image_pull_failed",
    meaning: "The node cannot pull the image.",
    hint: "Check that the image and tag exist, and that the Deployment's imagePullSecrets open its registry.",
    family: "transient_upstream",
  },
  {
    code: "k8s_registry_unavailable",
    meaning: "The image's registry throttles the node, is away or has a fault of its own, and this lasted for minutes.",
    hint: "Paperclip tries again; use a mirror, or imagePullSecrets with a larger allowance, if it repeats.",
    family: "transient_upstream",
  },
  {
    code: "k8s_image_name_invalid",
    meaning: "The image's name is not a name that the node understands.",
    hint: "Correct the image or initImage setting.",
  },
  {
    code: "k8s_container_config_error",
    meaning: "The container cannot be set up: most often a Secret or ConfigMap that it refers to is missing.",
    hint: "Create what the message names, or remove the reference from Paperclip's Deployment or podTemplate.",
  },
  {
    code: "k8s_container_start_failed",
    meaning: "The container was created but its program could not be started.",
    hint: "The image needs /bin/sh and opencode, usable by user 1000.",
  },
  {
    code: "k8s_pod_unschedulable",
    meaning: "No node took the pod before the run's time was up.",
    hint: "Lower resources, check nodeSelector and tolerations, or add nodes.",
    family: "transient_upstream",
  },
  {
    code: "k8s_volume_unavailable",
    meaning: "A volume of the pod could not be attached or mounted.",
    hint: "Check the claim that the message names; the shared claim must allow ReadWriteMany.",
  },
  {
    code: "k8s_agent_db_unbound",
    meaning: "The agent's database claim stays unbound.",
    hint: "Set agentDbStorageClass to a class that offers ReadWriteMany, or use agentDbMode ephemeral.",
  },
  {
    code: "k8s_init_container_failed",
    meaning: "An init container ended with an error, so the agent was never started.",
    hint: "Check initImage, which must have a shell, and the init containers of podTemplate.",
  },
  {
    code: "k8s_out_of_memory",
    meaning: "The container used more memory than its limit and was killed.",
    hint: "Raise resources.limits.memory.",
  },
  {
    code: "k8s_pod_evicted",
    meaning: "The node evicted the pod, mostly for lack of memory or disk.",
    hint: "Paperclip tries again; raise resources.requests, ephemeral-storage too, if it repeats.",
    family: "transient_upstream",
  },
  {
    code: "k8s_pod_preempted",
    meaning: "The pod had to make room for one of higher priority.",
    hint: "Paperclip tries again; set a priorityClassName in podTemplate if it repeats.",
    family: "transient_upstream",
  },
  {
    code: "k8s_node_lost",
    meaning: "The node that ran the pod is gone or no longer answers.",
    hint: "Paperclip tries again; check the node.",
    family: "transient_upstream",
  },
  {
    code: "k8s_pod_deleted",
    meaning: "Somebody or something else deleted the pod while it ran.",
    hint: "Paperclip tries again; look for who deletes pods in the namespace if it repeats.",
    family: "transient_upstream",
  },
  {
    code: "k8s_job_deleted",
    meaning: "Somebody or something else deleted the Job while it ran.",
    hint: "Paperclip tries again; look for who deletes Jobs in the namespace if it repeats.",
    family: "transient_upstream",
  },
  {
    code: "k8s_outcome_unknown",
    meaning: "How the run ended cannot be found out, so it does not count as a success.",
    hint: "Paperclip may let the agent go on with its session; look at the task for what it has done already.",
  },
  {
    code: "k8s_run_detached",
    meaning: "Paperclip lost its hold on the run, mostly because it was restarted. The Job goes on.",
    hint: "The agent's next run waits for the Job, or takes it over with reattachOrphanedJobs. If none comes, comment on the task; if it is blocked by a recovery notice, resolve that first.",
  },
  {
    code: "k8s_adapter_error",
    meaning: "The adapter met an error that it does not know: a bug of its own, or a call into Paperclip that failed.",
    hint: "Report it with the stack that stands in the log of Paperclip's server; a run that is tried again may pass.",
  },
  {
    code: "cancelled",
    meaning: "The run was cancelled in Paperclip; its Job is gone.",
    hint: "Nothing to do.",
  },
  {
    code: "timeout",
    meaning: "The run took longer than timeoutSec and was ended.",
    hint: "Raise timeoutSec, or set it to 0 for no limit.",
  },
  {
    code: "inactivity_timeout",
    meaning: "The agent printed nothing for inactivityTimeoutSec and was ended.",
    hint: "Check that the model's provider answers from within the cluster; raise inactivityTimeoutSec, or set it to 0.",
  },
  ...opencodeFailures,
] as const satisfies readonly FailureRow[];

export type FailureCode = (typeof failures)[number]["code"];

/** The row of a code. */
export function describeFailure(code: FailureCode): FailureRow {
  const row = failures.find((failure) => failure.code === code);
  if (!row) throw new TypeError(`No such failure: ${code}`);
  return row;
}

interface FailureDetails {
  /** In place of the hint of the table. */
  hint?: string | undefined;
  /** In place of the family of the table; `null` says that a retry cannot help this time. */
  family?: FailureFamily | null | undefined;
  /** When a retry may help, as the other side said. */
  retryNotBefore?: Date | undefined;
  /** Fields of the result's `resultJson` that Paperclip reads for this code. */
  resultJson?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/** A run that cannot go on, for a reason that has a code. Hint and family come from the table unless given. */
export class RunFailure extends Error {
  override readonly name = "RunFailure";
  readonly code: FailureCode;
  readonly hint: string;
  readonly family: FailureFamily | undefined;
  readonly retryNotBefore: Date | undefined;
  readonly resultJson: Readonly<Record<string, unknown>>;

  constructor(code: FailureCode, message: string, details: FailureDetails = {}) {
    super(message, { cause: details.cause });
    const row = describeFailure(code);
    this.code = code;
    this.hint = details.hint ?? row.hint;
    this.family = details.family === undefined ? row.family : (details.family ?? undefined);
    this.retryNotBefore = details.retryNotBefore;
    this.resultJson = details.resultJson ?? {};
  }
}

export function isRunFailure(error: unknown, ...codes: FailureCode[]): error is RunFailure {
  return error instanceof RunFailure && (codes.length === 0 || codes.includes(error.code));
}
