import type { FailureRow } from "./failure.ts";

/** What OpenCode and the model's provider can fail with. */
export const opencodeFailures = [
  {
    code: "opencode_failed",
    meaning: "OpenCode ended with an error.",
    hint: "Read OpenCode's words in the message and the end of the run's log.",
  },
  {
    code: "opencode_session_unavailable",
    meaning: "OpenCode does not have the session that was to be continued.",
    hint: "Nothing to do: the next run starts a fresh session.",
  },
  {
    code: "opencode_context_overflow",
    meaning: "The session has grown over what the model can read.",
    hint: "Nothing to do: the session is closed, the next run starts a fresh one with a handover.",
  },
  {
    code: "opencode_provider_quota",
    meaning: "The model's provider refuses more requests for now: rate limit, quota or credit.",
    hint: "Paperclip tries again later; check the provider's plan if it repeats.",
    family: "provider_quota",
  },
  {
    code: "opencode_provider_unavailable",
    meaning: "The model's provider is overloaded, has an error of its own, or cannot be reached.",
    hint: "Paperclip tries again; check that the provider can be reached from within the cluster if it repeats.",
    family: "transient_upstream",
  },
  {
    code: "opencode_provider_auth",
    meaning: "The model's provider does not accept the credentials.",
    hint: "Set the provider's key in the agent's env or in Paperclip's Deployment.",
  },
  {
    code: "opencode_model_unknown",
    meaning: "OpenCode or the provider does not know the model.",
    hint: "Correct the model setting; `opencode models` in the agent's image lists what is known.",
  },
  {
    code: "opencode_database_unusable",
    meaning: "OpenCode cannot open or write the agent's database.",
    hint: "Check that the volume is not full; delete the agent's database if it is damaged, its sessions start anew.",
  },
  {
    code: "opencode_no_answer",
    meaning: "OpenCode ended without an error and without an answer from the model.",
    hint: "Run it again; check the provider's account and the model if it repeats.",
  },
] as const satisfies readonly FailureRow[];
