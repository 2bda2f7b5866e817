/** How often Paperclip has started a run of this chain by itself after a failure; 0: this one it did not. */
export function readAutomaticRetry(context: Readonly<Record<string, unknown>>): number {
  const attempt = context["scheduledRetryAttempt"];
  return typeof attempt === "number" && Number.isInteger(attempt) && attempt > 0 ? attempt : 0;
}
