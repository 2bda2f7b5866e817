import type { AdapterEnvironmentTestContext, AdapterEnvironmentTestResult } from "@paperclipai/adapter-utils";
import { isApiError } from "../cluster/api-error.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { parseSettings } from "../config/parse-settings.ts";
import type { Policy } from "../config/policy/policy.ts";
import type { ReadPolicy } from "../config/policy-reader.ts";
import { codeOfProblems, type SettingProblem } from "../config/setting-problem.ts";
import type { Settings } from "../config/settings.ts";
import type { ReadHost } from "../host/read-host.ts";
import { bounded } from "../lib/bounded.ts";
import { messageOf } from "../lib/message.ts";
import { checkApiUrl } from "./check-api-url.ts";
import type { Check, CheckContext, Preflight, PreflightRequest } from "./check-context.ts";
import { checkImage, checkJob } from "./check-job.ts";
import { checkNamespace, checkSecrets, checkSharedClaim } from "./check-objects.ts";
import { checkPermissions } from "./check-permissions.ts";
import { type Finding, finding, statusOf } from "./finding.ts";

export interface HealthDeps {
  connect(kubeconfig: string | undefined): Promise<Cluster>;
  readHost: ReadHost;
  /** The operator's policy, kept. */
  readPolicy: ReadPolicy;
  /** Paperclip's own environment. */
  env: Readonly<Record<string, string | undefined>>;
  preflight: Preflight;
}

/**
 * Somebody has pressed a button and waits. Neither Paperclip's server nor its page gives up (2026.916.1), but the proxies
 * that stand before it do, most of them after 60 seconds.
 */
const allMs = 55_000;
const checksMs = 30_000;
const preflightMs = 45_000;

/** In the order in which their findings are shown. */
const checks: readonly { of: string; look: Check }[] = [
  { of: "the permissions", look: checkPermissions },
  { of: "the image", look: checkImage },
  { of: "the shared claim", look: checkSharedClaim },
  { of: "the Secrets", look: checkSecrets },
  { of: "Paperclip's address", look: checkApiUrl },
  { of: "the Job", look: checkJob },
];

/** What would keep an agent with this config from running: looked up first, then tried with a pod that only looks around. */
export async function testEnvironment(
  context: Pick<AdapterEnvironmentTestContext, "adapterType" | "companyId" | "config">,
  deps: HealthDeps,
): Promise<AdapterEnvironmentTestResult> {
  const { adapterType, companyId, config } = context;
  const startedAtMs = Date.now();
  const found = await lookUp(config, deps);
  const limitMs = Math.min(preflightMs, startedAtMs + allMs - Date.now());
  const all = [...found.findings, ...(await lookInside(found, deps, { companyId, limitMs }))];
  return { adapterType, status: statusOf(all), checks: all, testedAt: new Date().toISOString() };
}

interface LookedUp {
  findings: Finding[];
  /** Undefined when it is not even known where runs would go. */
  site?: CheckContext;
}

async function lookUp(config: Record<string, unknown>, deps: HealthDeps): Promise<LookedUp> {
  const reading = await deps.readPolicy();
  if (reading.kind === "invalid") return { findings: [finding("k8s_policy_invalid", reading.why)] };
  const { policy } = reading;
  const { findings, settings } = readConfig(config, policy);
  if (settings === undefined) return { findings };
  const limit = bounded(new AbortController().signal, checksMs);
  const { signal } = limit;
  try {
    const cluster = await deps.connect(settings.kubeconfig);
    const { host, namespace, found } = await settle(cluster, settings, { deps, signal });
    const site: CheckContext = { settings, policy, cluster, namespace, host, env: deps.env, signal };
    const place = await checkNamespace(site);
    const connected = finding("k8s_connected", `The cluster at ${cluster.server} answers.`);
    const before = [...findings, connected, ...found, ...place];
    if (hasError(place)) return { findings: before, site };
    return { findings: [...before, ...(await Promise.all(checks.map((check) => guarded(check, site)))).flat()], site };
  } catch (error) {
    if (!isApiError(error) && !signal.aborted) throw error;
    return {
      findings: [...findings, finding("k8s_connection_failed", `The cluster does not answer: ${messageOf(error)}`)],
    };
  } finally {
    limit.done();
  }
}

/** With an error among the findings no pod would come to anything, or it would only tell the same again. */
async function lookInside(
  { findings, site }: LookedUp,
  { preflight }: HealthDeps,
  request: PreflightRequest,
): Promise<Finding[]> {
  if (site === undefined || hasError(findings)) {
    const text = "No pod was started to look from inside: the errors above come first.";
    return [finding("k8s_preflight_skipped", text)];
  }
  const { signal } = new AbortController(); // the preflight has a bound of its own
  const look = (of: CheckContext) => preflight(of, request);
  return guarded({ of: "the agent's pod from inside", look }, { ...site, signal });
}

function hasError(findings: readonly Finding[]): boolean {
  return findings.some(({ level }) => level === "error");
}

/** A bad setting is told, and the rest is tested as if it were not set: the page shows everything at once. */
function readConfig(
  config: Record<string, unknown>,
  policy: Policy,
): { findings: Finding[]; settings: Settings | undefined } {
  const parsed = parseSettings(config, policy);
  if (parsed.ok)
    return { findings: [finding("k8s_config_valid", "The settings can be used.")], settings: parsed.settings };
  const rest = withoutBad(config, parsed.problems);
  const again = parseSettings(rest, policy);
  if (again.ok) return { findings: parsed.problems.map(problemFinding), settings: again.settings };
  // What is not allowed shows only where all of it can be read.
  const further = again.problems.filter(({ key }) => !parsed.problems.some((problem) => problem.key === key));
  const last = parseSettings(withoutBad(rest, further), policy);
  return {
    findings: [...parsed.problems, ...further].map(problemFinding),
    settings: last.ok ? last.settings : undefined,
  };
}

function problemFinding(problem: SettingProblem): Finding {
  const { key, found, expected } = problem;
  return finding(codeOfProblems([problem]), `${key}: found ${found}, expected ${expected}.`);
}

function withoutBad(config: Record<string, unknown>, problems: readonly SettingProblem[]): Record<string, unknown> {
  const bad = new Set(problems.map(({ key }) => key.split(".")[0]));
  const kept = Object.entries(config).filter(([key]) => !bad.has(key.split(".")[0]));
  return { ...Object.fromEntries(kept), ...(bad.has("model") ? { model: "provider/model" } : {}) };
}

async function settle(
  cluster: Cluster,
  settings: Settings,
  { deps, signal }: { deps: HealthDeps; signal: AbortSignal },
): Promise<Pick<CheckContext, "host" | "namespace"> & { found: Finding[] }> {
  const reading = await deps.readHost(cluster, signal);
  const host = reading.kind === "in-pod" ? reading.host : undefined;
  const namespace = settings.namespace ?? host?.namespace ?? cluster.namespace ?? "default";
  switch (reading.kind) {
    case "in-pod": {
      const { podName, namespace: own } = reading.host;
      return { host, namespace, found: [finding("k8s_host_read", `Paperclip runs in pod ${own}/${podName}.`)] };
    }
    case "outside":
      return { host, namespace, found: [finding("k8s_host_outside", reading.why)] };
    case "unreadable":
      if (reading.transient) throw reading.cause;
      return { host, namespace, found: [finding("k8s_host_unreadable", reading.why)] };
  }
}

/** One check that the cluster does not allow does not take the others with it. */
async function guarded({ of, look }: { of: string; look: Check }, site: CheckContext): Promise<Finding[]> {
  try {
    return await look(site);
  } catch (error) {
    if (!isApiError(error) && !site.signal.aborted) throw error;
    return [finding("k8s_check_failed", `Could not check ${of}: ${messageOf(error)}`)];
  }
}
