import { isDeepStrictEqual } from "node:util";
import { describeFound, isUnset } from "./kinds/kind.ts";
import { matchesAny } from "./policy/glob.ts";
import { type AllowKey, allowLists, type Policy } from "./policy/policy.ts";
import { withinLimits } from "./policy-limits.ts";
import { byPolicy, type SettingProblem } from "./setting-problem.ts";
import { settings as all, isSettingKey, type SettingKey, type Settings, settingsSchema } from "./settings.ts";
import { templatePaths } from "./template-paths.ts";

type Raw = Readonly<Record<string, unknown>>;

/**
 * An agent's config with the policy's fixed values in it. A form saves every default, so a value that is the setting's
 * default counts as unset here; another one is a problem.
 */
export function withFixed(raw: Raw, { fixed }: Policy): { raw: Raw; problems: SettingProblem[] } {
  const values: Record<string, unknown> = { ...raw };
  const problems: SettingProblem[] = [];
  for (const [key, value] of Object.entries(fixed)) {
    if (!isSettingKey(key)) continue;
    const own = readSetting(key, raw[key]);
    const demanded = readSetting(key, value);
    // What cannot be read is told by the parser.
    if (own === unreadable) continue;
    values[key] = value;
    if (isUnset(raw[key]) || isDeepStrictEqual(own, demanded) || isDeepStrictEqual(own, defaultOf(key))) continue;
    problems.push(byPolicy(key, describeFound(own), `${describeFound(demanded)}, the value that is fixed`));
  }
  return { raw: values, problems };
}

const unreadable = Symbol("unreadable");

function readSetting(key: SettingKey, value: unknown): unknown {
  const result = settingsSchema.shape[key].safeParse(value);
  return result.success ? result.data : unreadable;
}

function defaultOf(key: SettingKey): unknown {
  return all.find((setting) => setting.key === key)?.fallback;
}

/** What the policy's lists and limits leave of an agent's settings. */
export function narrow(settings: Settings, policy: Policy): { settings: Settings; problems: SettingProblem[] } {
  const limited = withinLimits(settings, policy);
  return {
    settings: limited.settings,
    problems: [...allowProblems(settings, policy), ...limited.problems].filter(({ key }) => !isFixed(key, policy)),
  };
}

/** The operator's own value needs no leave. */
function isFixed(key: string, { fixed }: Policy): boolean {
  return Object.hasOwn(fixed, key.split(".")[0] ?? "");
}

const named = [
  "namespace",
  "image",
  "initImage",
  "serviceAccountName",
  "kubeconfig",
  "runtimeClassName",
  "agentDbStorageClass",
] as const;

function allowProblems(settings: Settings, { allow }: Policy): SettingProblem[] {
  const lists = { ...allow, initImage: allow.initImage ?? allow.image };
  return [
    ...named.flatMap((key) => nameProblems(key, settings[key], lists[key])),
    ...keyProblems("labels", settings.labels, allow.labels),
    ...keyProblems("nodeSelector", settings.nodeSelector ?? {}, allow.nodeSelector),
    ...pathProblems(settings, allow.podTemplate),
  ];
}

function nameProblems(
  key: (typeof named)[number],
  value: string | undefined,
  list: readonly string[] | undefined,
): SettingProblem[] {
  if (list === undefined || (value !== undefined && value === defaultOf(key))) return [];
  const allowed = value === undefined ? allowLists[key].unset || list.includes("") : matchesAny(list, value);
  return allowed ? [] : [notListed(key, describeFound(value), list)];
}

/** The words for a name that stands in no list. */
export function notListed(key: string, found: string, list: readonly string[]): SettingProblem {
  const shown = list.filter((name) => name !== "");
  return byPolicy(key, found, shown.length === 0 ? "none" : `one of ${shown.join(", ")}`);
}

function keyProblems(
  key: Extract<AllowKey, "labels" | "nodeSelector">,
  values: Readonly<Record<string, string>>,
  list: readonly string[] | undefined,
): SettingProblem[] {
  if (list === undefined) return [];
  return Object.keys(values)
    .filter((name) => !matchesAny(list, name))
    .map((name) => notListed(`${key}.${name}`, describeFound(name), list));
}

function pathProblems({ podTemplate }: Settings, list: readonly string[] | undefined): SettingProblem[] {
  if (list === undefined || podTemplate === undefined) return [];
  const allowed = (path: string) =>
    list.some((one) => path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[`));
  return [...templatePaths(podTemplate)]
    .filter((path) => !allowed(path))
    .map((path) => notListed(`podTemplate.${path}`, "a value", list));
}
