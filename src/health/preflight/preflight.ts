import { isRunFailure } from "../../failure/failure.ts";
import { bounded } from "../../lib/bounded.ts";
import type { Deps } from "../../run/deps.ts";
import type { RunLog } from "../../run-log/run-log.ts";
import type { Preflight } from "../check-context.ts";
import { failureFinding, preflightFindings, waitingFinding } from "./findings.ts";
import { planPreflight } from "./plan.ts";
import { runPreflight } from "./run-preflight.ts";

/** What a look from inside a pod needs of the process it is made in. */
export type PreflightDeps = Pick<Deps, "podWatcher" | "background" | "processName" | "limits" | "suspendedJobs">;

/** Of the time there is, what stopping and removing the pod may take. */
const removalMs = 10_000;

export function createPreflight(deps: PreflightDeps): Preflight {
  return async (outer, { companyId, limitMs }) => {
    deps.background("remove what dead processes left", deps.suspendedJobs.sweep(outer.cluster, outer.namespace));
    const startedAtMs = Date.now();
    const bound = bounded(outer.signal, limitMs - removalMs);
    const site = { ...outer, signal: bound.signal };
    const said: string[] = [];
    try {
      // What is left out in another namespace has findings of its own.
      const plan = await planPreflight(site, { companyId, processName: deps.processName, log: listeningLog([]) });
      return preflightFindings(await runPreflight(plan, site, { ...deps, log: listeningLog(said), said }), plan.facts);
    } catch (error) {
      if (isRunFailure(error)) return [failureFinding(error)];
      if (!bound.timeUp()) throw error;
      // Before there was a Job: what was said last is about the API.
      const last = said.at(-1);
      const why = `the Kubernetes API to answer${last ? ` (${last})` : ""}`;
      return [waitingFinding({ why, waitedMs: Date.now() - startedAtMs })];
    } finally {
      bound.done();
    }
  };
}

/** Nobody reads what the pod prints but the preflight itself; the words that are said on the way may explain its end. */
function listeningLog(said: string[]): RunLog {
  return {
    stdout: async () => {},
    stderr: async () => {},
    say: async (text) => {
      said.push(text);
    },
  };
}
