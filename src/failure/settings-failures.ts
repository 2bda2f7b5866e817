/** Ends of a run that its settings or the operator's policy for them cause. */
export const settingsFailures = [
  {
    code: "k8s_config_invalid",
    meaning: "A setting of the agent cannot be used. Nothing was created in the cluster.",
    hint: "Correct the settings that the message names.",
  },
  {
    code: "k8s_policy_denied",
    meaning: "The agent asks for what the operator of Paperclip does not allow. Nothing was created in the cluster.",
    hint: "Change what the message names, or ask the operator to allow it in OPENCODE_K8S_POLICY (docs/policy.md).",
  },
  {
    code: "k8s_policy_invalid",
    meaning:
      "The operator's policy cannot be read or understood, so no agent runs. Nothing was created in the cluster.",
    hint: "Correct OPENCODE_K8S_POLICY in Paperclip's Deployment (docs/policy.md).",
  },
] as const;
