import { randomUUID } from "node:crypto";
import { isApiError } from "../cluster/api-error.ts";
import { buildRunObjects } from "../job/build-job.ts";
import type { JobRequest } from "../job/job-request.ts";
import { ownWorkingDirectory } from "../job/paths.ts";
import type { CheckContext } from "./check-context.ts";
import { type Finding, finding } from "./finding.ts";

/** Which image the Job gets. */
export function checkImage({ settings, host }: CheckContext): Finding[] {
  if (settings.image !== undefined) return [finding("k8s_image_chosen", `Jobs use image ${settings.image}.`)];
  if (host !== undefined) return [finding("k8s_image_chosen", `Jobs use Paperclip's own image, ${host.image}.`)];
  return [finding("k8s_image_unknown", "There is no image to inherit, and the image setting is not set.")];
}

/** The Job that these settings make, and the agent's claim if it has one, as the cluster would take them. Nothing is created. */
export async function checkJob(site: CheckContext): Promise<Finding[]> {
  if (checkImage(site).some(({ level }) => level === "error")) return [];
  const built = buildRunObjects(sampleRequest(site));
  if (built.kind === "refused")
    return built.problems.map((problem) => finding("k8s_config_invalid", `podTemplate: ${problem}.`));
  if (built.kind === "denied") return built.problems.map((problem) => finding("k8s_policy_denied", `${problem}.`));
  const { job, claim } = built.objects;
  const refused = [
    await refusalOf("the Job", site.cluster.create("jobs", job, { signal: site.signal, dryRun: true })),
    claim &&
      (await refusalOf(
        "the agent's database claim",
        site.cluster.create("persistentvolumeclaims", claim, { signal: site.signal, dryRun: true }),
      )),
  ].filter((found) => found !== undefined);
  return refused.length > 0 ? refused : [finding("k8s_job_accepted", accepted)];
}

/** What a dry run shows: Pod Security, quotas, limits and nodes look at the Job's pod only when it is made. */
const accepted = "The cluster would accept the Job these settings make. This says nothing of the Job's pod.";

async function refusalOf(what: string, creation: Promise<unknown>): Promise<Finding | undefined> {
  try {
    await creation;
    return undefined;
  } catch (error) {
    if (!isApiError(error) || error.transient) throw error;
    return finding("k8s_job_refused", `The cluster would refuse ${what}: ${error.message}`);
  }
}

function sampleRequest({ settings, policy, host, namespace }: CheckContext): JobRequest {
  const id = randomUUID();
  return {
    agent: { id, name: "Test environment" },
    runId: id,
    companyId: id,
    attempt: 0,
    namespace,
    suspendedBy: "test-environment",
    settings,
    policy,
    host,
    command: ["opencode", "--version"],
    cwd: ownWorkingDirectory,
    prompt: { kind: "env", parts: ["Hello."] },
    env: { plain: {}, secret: {} },
    opencodeConfig: "{}",
    nonce: "test",
    discardDatabase: false,
  };
}
