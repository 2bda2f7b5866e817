/** Bounds of the wait for a pod to start, in milliseconds. */
export interface StartLimits {
  /** A pod must have started after this long; time in a queue that keeps the Job suspended does not count. */
  pendingMs: number;
  /** A failure that may be transient, such as an image pull that failed, counts after it has lasted this long. */
  suspectMs: number;
  /** A failure that often passes, such as a registry that is away or throttles, counts after it has lasted this long. */
  pullMs: number;
  /** An admission webhook that cannot be called when the pod is made is waited for this long. */
  webhookMs: number;
  /** Without a pod this long, the Job's events are asked why. */
  noPodMs: number;
  /** A pod that is waited for is read anew after this long: its watch may be dead without a word. */
  watchTrustMs: number;
  /** How often a waiting run says what it waits for. */
  sayEveryMs: number;
  /** A run says what it waits for after this long, and again as soon as that changes, but no sooner than this. */
  explainAfterMs: number;
}

export const defaultStartLimits: StartLimits = {
  pendingMs: 15 * 60_000,
  suspectMs: 20_000,
  pullMs: 5 * 60_000,
  webhookMs: 2 * 60_000,
  noPodMs: 3_000,
  watchTrustMs: 15_000,
  sayEveryMs: 60_000,
  explainAfterMs: 8_000,
};
