import { defaultGuardLimits, type GuardLimits } from "../guard/limits.ts";
import { defaultStartLimits } from "../pod/limits.ts";
import { defaultSuperviseLimits, type SuperviseLimits } from "../supervise/limits.ts";

/** Every bound of a run that is not a setting, in milliseconds: each room declares its own. Tests shorten them. */
export interface RunLimits extends GuardLimits, SuperviseLimits {}

export const defaultLimits: RunLimits = { ...defaultStartLimits, ...defaultGuardLimits, ...defaultSuperviseLimits };
