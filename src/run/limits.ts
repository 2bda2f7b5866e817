import type { Settings } from "../config/settings.ts";
import { defaultImagePullTimeoutSec, defaultStartTimeoutSec } from "../config/settings-kubernetes.ts";
import { defaultGuardLimits, type GuardLimits } from "../guard/limits.ts";
import { defaultStartLimits } from "../pod/limits.ts";
import { defaultSuperviseLimits, type SuperviseLimits } from "../supervise/limits.ts";

/** Every bound of a run that is not a setting, in milliseconds: each room declares its own. Tests shorten them. */
export interface RunLimits extends GuardLimits, SuperviseLimits {}

export const defaultLimits: RunLimits = { ...defaultStartLimits, ...defaultGuardLimits, ...defaultSuperviseLimits };

/** The limits with what the agent's settings say of them. A setting at its default leaves the limit as it is. */
export function limitsOf(
  { startTimeoutSec, imagePullTimeoutSec }: Pick<Settings, "startTimeoutSec" | "imagePullTimeoutSec">,
  limits: RunLimits,
): RunLimits {
  return {
    ...limits,
    ...(startTimeoutSec === defaultStartTimeoutSec ? {} : { pendingMs: startTimeoutSec * 1000 }),
    ...(imagePullTimeoutSec === defaultImagePullTimeoutSec ? {} : { pullMs: imagePullTimeoutSec * 1000 }),
  };
}
