/** Milliseconds to wait before try `attempt` (0 is the first repeat): doubling from `firstMs`, at most `maxMs`, with full jitter above half. */
export function backoffMs(attempt: number, limits: { firstMs: number; maxMs: number }): number {
  const ceiling = Math.min(limits.maxMs, limits.firstMs * 2 ** Math.min(attempt, 20));
  return ceiling / 2 + Math.random() * (ceiling / 2);
}
