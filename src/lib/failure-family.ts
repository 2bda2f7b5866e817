/** How Paperclip should treat a failure: only these families are retried, at `retryNotBefore`. */
export type FailureFamily = "transient_upstream" | "provider_quota";
