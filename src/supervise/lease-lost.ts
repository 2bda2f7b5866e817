/**
 * Whether a run's signal was aborted because this server lost its hold on the run, not because somebody stopped it.
 *
 * Paperclip renews a lease on each run; a server that shuts down, or whose database is away for a minute, aborts the
 * signal with this message (server 2026.916.1, legacy-controller-lease). The run's Job is to go on then.
 */
export function isLeaseLost(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason instanceof Error && /controller lease lost/i.test(signal.reason.message);
}
