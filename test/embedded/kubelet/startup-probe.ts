import type { Container } from "../api-server/objects.ts";
import type { Timers } from "../timers.ts";

interface ProbeParts {
  timers: Timers;
  exec(command: readonly string[]): Promise<number>;
  /** Fires when the container has ended. */
  ended: AbortSignal;
}

/**
 * Asks until the probe succeeds, or has failed as often as it may; of the kinds of probes exec alone. Resolves to whether
 * the container has started; undefined: it ended before.
 */
export async function probeStartup(
  { startupProbe }: Container,
  { timers, exec, ended }: ProbeParts,
): Promise<boolean | undefined> {
  const command = startupProbe?.exec?.command;
  if (!startupProbe || !command) return true;
  const { initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 } = startupProbe;
  await timers.sleep(initialDelaySeconds * 1000, ended);
  for (let failures = 0; !ended.aborted; ) {
    const code = await exec(command);
    if (ended.aborted) return undefined;
    if (code === 0) return true;
    failures += 1;
    if (failures >= failureThreshold) return false;
    await timers.sleep(periodSeconds * 1000, ended);
  }
  return undefined;
}
