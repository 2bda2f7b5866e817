import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import type { FailureCode } from "../failure/failure.ts";

/** How a run without success ended, as far as it decides what Paperclip may do next. */
export type Unsuccessful =
  | {
      kind: "failed";
      code: FailureCode;
      /** The Job of the last attempt was started, or one was taken over. */
      jobStarted: boolean;
      /** An earlier attempt of this run had a Job whose agent ran. */
      ranBefore: boolean;
    }
  | {
      kind: "cancelled";
      /** The cluster has confirmed that the agent's process has ended. */
      confirmed: boolean;
      jobStarted: boolean;
    };

/** Fields of a result from which Paperclip 2026.916.1 reads whether the task may go on. */
export interface Recovery {
  /** Proof that the agent has not acted. */
  executionRecovery?: NonNullable<AdapterExecutionResult["executionRecovery"]>;
  resultJson: {
    /** The session may be continued by another run: without it Paperclip stops the task until a person has looked. */
    conversationContinuation?: "continue_conversation_v1";
  };
}

/** Whether the agent's container can have run before a run ends with a code: `never` whatever was started, or `perhaps`. */
const containerRan: Record<Exclude<FailureCode, "cancelled">, "never" | "perhaps"> = {
  k8s_config_invalid: "never",
  k8s_not_in_cluster: "never",
  k8s_connection_failed: "perhaps",
  k8s_permission_denied: "perhaps",
  k8s_namespace_missing: "never",
  k8s_namespace_terminating: "never",
  k8s_prompt_too_large: "never",
  k8s_policy_denied: "never",
  k8s_policy_invalid: "never",
  workspace_validation_failed: "never",
  k8s_concurrent_run_blocked: "never",
  k8s_concurrency_guard_unreachable: "never",
  k8s_job_create_failed: "never",
  k8s_admission_refused: "never",
  k8s_quota_exceeded: "never",
  k8s_limit_range: "never",
  k8s_image_pull_failed: "never",
  k8s_registry_unavailable: "never",
  k8s_image_name_invalid: "never",
  k8s_container_config_error: "never",
  k8s_container_start_failed: "never",
  k8s_pod_unschedulable: "never",
  k8s_volume_unavailable: "never",
  k8s_agent_db_unbound: "never",
  k8s_init_container_failed: "never",
  k8s_out_of_memory: "perhaps",
  k8s_pod_evicted: "perhaps",
  k8s_pod_preempted: "perhaps",
  k8s_node_lost: "perhaps",
  k8s_pod_deleted: "perhaps",
  k8s_job_deleted: "perhaps",
  k8s_outcome_unknown: "perhaps",
  k8s_run_detached: "perhaps",
  k8s_adapter_error: "perhaps",
  timeout: "perhaps",
  inactivity_timeout: "perhaps",
  opencode_failed: "perhaps",
  opencode_session_unavailable: "perhaps",
  opencode_context_overflow: "perhaps",
  opencode_provider_quota: "perhaps",
  opencode_provider_unavailable: "perhaps",
  opencode_provider_auth: "perhaps",
  opencode_model_unknown: "perhaps",
  opencode_database_unusable: "perhaps",
  opencode_no_answer: "perhaps",
};

/**
 * What Paperclip may do after a run without success: the conversation goes on, as with Paperclip's own adapters. Also
 * after a stop that the cluster has not confirmed, since an agent's next run waits until nothing of it is left.
 * `docs/decisions/0009-recovery.md` has the reasons.
 */
export function recoveryOf(end: Unsuccessful): Recovery {
  if (end.kind === "cancelled") return goesOn(end.confirmed && !end.jobStarted);
  const never = end.code !== "cancelled" && containerRan[end.code] === "never";
  return goesOn(!end.ranBefore && (never || !end.jobStarted));
}

function goesOn(agentNeverRan: boolean): Recovery {
  return {
    ...(agentNeverRan ? { executionRecovery: { kind: "bootstrap", providerWorkStarted: false } } : {}),
    resultJson: { conversationContinuation: "continue_conversation_v1" },
  };
}
