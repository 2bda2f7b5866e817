/** Bounds of the wait for a pod to start, in milliseconds. */
export interface StartLimits {
  /** A pod must have started after this long; time in a queue that keeps the Job suspended does not count. */
  pendingMs: number;
  /** A failure that may be transient, such as an image pull that failed, counts after it has lasted this long. */
  suspectMs: number;
  /** Without a pod this long, the Job's events are asked why. */
  noPodMs: number;
  /** A pod that is waited for is read anew after this long: its watch may be dead without a word. */
  watchTrustMs: number;
  /** How often a waiting run says what it waits for. */
  sayEveryMs: number;
}

export const defaultStartLimits: StartLimits = {
  pendingMs: 15 * 60_000,
  suspectMs: 20_000,
  noPodMs: 3_000,
  watchTrustMs: 15_000,
  sayEveryMs: 60_000,
};
