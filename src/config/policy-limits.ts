import { compareQuantities } from "./formats/quantity.ts";
import { defaultResources } from "./kinds/resources.ts";
import type { Policy } from "./policy/policy.ts";
import { byPolicy, type SettingProblem } from "./setting-problem.ts";
import { settings as all, type Settings } from "./settings.ts";

type Limits = Policy["limits"];
type Amounts = Readonly<Record<string, string>>;

/** Settings within the policy's limits: a default above one gives way to it, a value of the agent's is a problem. */
export function withinLimits(
  settings: Settings,
  { limits }: Policy,
): { settings: Settings; problems: SettingProblem[] } {
  const problems: SettingProblem[] = [];
  const found = (problem: SettingProblem) => problems.push(problem);
  const resources = limitResources(settings.resources, limits.resources ?? {}, found);
  const bounded: Settings = {
    ...settings,
    ...limitSeconds(settings, limits, found),
    resources,
    agentDbStorageCapacity: limitCapacity(settings.agentDbStorageCapacity, limits.agentDbStorageCapacity, found),
  };
  if (settings.retainJobs && limits.ttlSecondsAfterFinished !== undefined)
    found(
      byPolicy("retainJobs", "true", `false, as finished Jobs stay ${limits.ttlSecondsAfterFinished} seconds at most`),
    );
  return { settings: bounded, problems };
}

type Found = (problem: SettingProblem) => void;

const timed = ["timeoutSec", "inactivityTimeoutSec", "graceSec", "ttlSecondsAfterFinished"] as const;

function limitSeconds(settings: Settings, limits: Limits, found: Found): Partial<Settings> {
  const entries = timed.map(
    (key) => [key, limitTime(key, { value: settings[key], most: limits[key] }, found)] as const,
  );
  return Object.fromEntries(entries);
}

function limitTime(
  key: (typeof timed)[number],
  { value, most }: { value: number; most: number | undefined },
  found: Found,
): number {
  const endless = value === 0;
  if (most === undefined || (!endless && value <= most)) return value;
  if (!endless && value !== defaultOf(key)) found(byPolicy(key, String(value), `at most ${most}`));
  return most;
}

function defaultOf(key: string): unknown {
  return all.find((setting) => setting.key === key)?.fallback;
}

function limitCapacity(value: string, most: string | undefined, found: Found): string {
  if (most === undefined || compareQuantities(value, most) <= 0) return value;
  if (value !== defaultOf("agentDbStorageCapacity"))
    found(byPolicy("agentDbStorageCapacity", value, `at most ${most}`));
  return most;
}

function limitResources(
  { requests, limits }: Settings["resources"],
  most: NonNullable<Limits["resources"]>,
  found: Found,
): Settings["resources"] {
  const boundLimits = limitSide("limits", { given: limits, most: most.limits }, found);
  const within = Object.fromEntries(
    Object.entries(requests).map(([name, request]) => {
      const limit = boundLimits[name];
      const gives = request === defaultResources.requests[name] && limit !== undefined;
      return [name, gives && compareQuantities(request, limit) > 0 ? limit : request] as const;
    }),
  );
  for (const [name, request] of Object.entries(within)) {
    const limit = boundLimits[name];
    if (limit !== undefined && limit !== limits[name] && compareQuantities(request, limit) > 0)
      found(byPolicy(`resources.requests.${name}`, request, `at most ${limit}`));
  }
  return {
    requests: limitSide(
      "requests",
      { given: withImplied(within, boundLimits, most.requests), most: most.requests },
      found,
    ),
    limits: boundLimits,
  };
}

/** Kubernetes takes the limit for a request that is missing. */
function withImplied(requests: Amounts, limits: Amounts, most: Amounts = {}): Amounts {
  const implied = Object.keys(most).filter((name) => requests[name] === undefined && limits[name] !== undefined);
  return { ...requests, ...Object.fromEntries(implied.map((name) => [name, limits[name] ?? ""])) };
}

function limitSide(
  side: "requests" | "limits",
  { given, most }: { given: Amounts; most: Amounts | undefined },
  found: Found,
): Amounts {
  const bounded: Record<string, string> = { ...given };
  for (const [name, limit] of Object.entries(most ?? {})) {
    const amount = given[name];
    const fallback = defaultResources[side][name];
    const key = `resources.${side}.${name}`;
    if (amount === undefined) {
      // Without a limit a container takes what the node has; of other resources it then has none.
      if (side === "limits" && fallback !== undefined) found(byPolicy(key, "no limit", `at most ${limit}`));
    } else if (compareQuantities(amount, limit) > 0) {
      bounded[name] = limit;
      if (amount !== fallback) found(byPolicy(key, amount, `at most ${limit}`));
    }
  }
  return bounded;
}
