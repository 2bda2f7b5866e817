type Level = "info" | "warn" | "error";

/** What "Test environment" can find: how bad it is, and what the reader can do. */
const table = {
  k8s_config_valid: { level: "info" },
  k8s_config_invalid: {
    level: "error",
    hint: "Correct this setting; a run with it is refused before anything is created.",
  },
  k8s_policy_denied: {
    level: "error",
    hint: "Change this, or ask the operator of Paperclip to allow it in OPENCODE_K8S_POLICY (docs/policy.md).",
  },
  k8s_policy_invalid: {
    level: "error",
    hint: "Correct OPENCODE_K8S_POLICY in Paperclip's Deployment (docs/policy.md): no agent runs before.",
  },
  k8s_connection_failed: {
    level: "error",
    hint: "Check the kubeconfig setting, the cluster's address, and that Paperclip may reach it.",
  },
  k8s_connected: { level: "info" },
  k8s_host_read: { level: "info" },
  k8s_host_outside: {
    level: "warn",
    hint: "Nothing is inherited: set image, and expect every run to start a fresh session. Run Paperclip in the cluster to share its volume.",
  },
  k8s_host_unreadable: {
    level: "error",
    hint: "Apply the documented Role in Paperclip's own namespace, and set OPENCODE_K8S_POD_NAME from fieldRef metadata.name if the pod's name is not known.",
  },
  k8s_namespace_found: { level: "info" },
  k8s_namespace_missing: { level: "error", hint: "Create the namespace, or correct the namespace setting." },
  k8s_namespace_unknown: {
    level: "warn",
    hint: "Check that the namespace exists, and apply the documented Role in it.",
  },
  k8s_permissions_granted: { level: "info" },
  // Their hint is the missing rule.
  k8s_permission_missing: { level: "error" },
  k8s_permission_lacking: { level: "warn" },
  k8s_shared_claim_found: { level: "info" },
  k8s_shared_claim_none: {
    level: "warn",
    hint: "Mount a ReadWriteMany claim at /paperclip in Paperclip's Deployment: without it no session continues and agents share no files.",
  },
  k8s_shared_claim_missing: {
    level: "warn",
    hint: "Claims belong to one namespace. Make a claim of this name there, over the same storage, or leave the namespace setting empty.",
  },
  k8s_shared_claim_single_node: {
    level: "warn",
    hint: "Use a claim with ReadWriteMany: agents' pods on another node than Paperclip's cannot mount this one.",
  },
  k8s_shared_claim_single_pod: {
    level: "error",
    hint: "Use a claim with ReadWriteMany: no second pod can mount this one.",
  },
  k8s_shared_claim_read_only: { level: "warn", hint: "Mount the claim for writing: no session continues without it." },
  k8s_secrets_found: { level: "info" },
  k8s_secret_optional: { level: "info" },
  k8s_secret_missing: {
    level: "error",
    hint: "Create the Secret, or take the reference to it from Paperclip's Deployment.",
  },
  k8s_secret_left_out: {
    level: "warn",
    hint: "Secrets belong to one namespace. Create one of this name there if agents need it.",
  },
  k8s_image_chosen: { level: "info" },
  k8s_image_unknown: { level: "error", hint: "Set image to one that has OpenCode in it." },
  k8s_api_url_set: { level: "info" },
  k8s_api_url_loopback: {
    level: "warn",
    hint: "Set PAPERCLIP_API_URL on Paperclip's Deployment to the address of its Service, such as http://paperclip.paperclip.svc:3100.",
  },
  k8s_job_accepted: { level: "info" },
  k8s_job_refused: {
    level: "error",
    hint: "Read the cluster's words; podTemplate, labels, resources and admission policies are the usual cause.",
  },
  k8s_preflight_skipped: { level: "info" },
  k8s_preflight_started: { level: "info" },
  k8s_preflight_not_started: {
    level: "error",
    hint: "Read the cluster's words: a run's pod is refused in the same way.",
  },
  k8s_preflight_waiting: {
    level: "warn",
    hint: "A run waits longer, 15 minutes. If nothing is on its way, such as a new node or a large image, mend what the pod waits for.",
  },
  k8s_preflight_failed: {
    level: "error",
    hint: "The image needs /bin/sh, and the volumes of the pod must be usable by user 1000.",
  },
  k8s_preflight_interrupted: { level: "warn", hint: "Try again; if it stays, read the cluster's words." },
  k8s_preflight_incomplete: {
    level: "warn",
    hint: "Try again; if it stays, give the pod more CPU in resources.limits.",
  },
  opencode_version: { level: "info" },
  opencode_missing: {
    level: "error",
    hint: "Set image to one that has OpenCode in it, on the PATH of user 1000.",
  },
  opencode_unusable: {
    level: "error",
    hint: "Run `opencode --version` in the image as user 1000; it must fit the nodes' architecture and have memory enough.",
  },
  opencode_model_known: { level: "info" },
  opencode_model_unknown: {
    level: "error",
    hint: "Correct the model setting, or give the provider's key in the agent's env or in Paperclip's Deployment: OpenCode lists only providers that have one.",
  },
  opencode_model_unlisted: {
    level: "warn",
    hint: "Runs ask the provider for it all the same, which is right for a new model or a router's variant; else correct the model setting.",
  },
  opencode_models_unlisted: {
    level: "warn",
    hint: "Run `opencode models` in the agent's image, and check the OpenCode config that agents inherit.",
  },
  k8s_api_url_reachable: { level: "info" },
  k8s_api_url_refused: {
    level: "warn",
    hint: "PAPERCLIP_API_URL must be Paperclip's own address; with status 403, list its host name in PAPERCLIP_ALLOWED_HOSTNAMES.",
  },
  k8s_api_url_unreachable: {
    level: "warn",
    hint: "Set PAPERCLIP_API_URL on Paperclip's Deployment to the address of its Service, and check what NetworkPolicies let through.",
  },
  k8s_api_url_untested: {
    level: "warn",
    hint: "The image has neither curl, wget nor node; agents call Paperclip with curl.",
  },
  k8s_check_failed: { level: "warn", hint: "Try again; if it stays, read the cluster's words." },
} as const satisfies Record<string, { level: Level; hint?: string }>;

export type FindingCode = keyof typeof table;

export interface Finding {
  code: FindingCode;
  level: Level;
  message: string;
  hint?: string;
}

/** `hint`: in place of the table's. */
export function finding(code: FindingCode, message: string, hint?: string): Finding {
  return { code, message, ...table[code], ...(hint === undefined ? {} : { hint }) };
}

/** The worst finding decides. */
export function statusOf(findings: readonly Finding[]): "pass" | "warn" | "fail" {
  const levels = new Set(findings.map(({ level }) => level));
  if (levels.has("error")) return "fail";
  return levels.has("warn") ? "warn" : "pass";
}
