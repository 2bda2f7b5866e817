import { isApiError, isTransient } from "../cluster/api-error.ts";
import type { Claim, Cluster, Job, Ref, Resources } from "../cluster/cluster.ts";
import { refOf } from "../cluster/ref-of.ts";
import { createFailure } from "../failure/create-failure.ts";
import { isRunFailure, RunFailure } from "../failure/failure.ts";
import { decideRace } from "../guard/decide-race.ts";
import type { RunObjects } from "../job/build-job.ts";
import { agentSelector, annotation, label } from "../job/names.ts";
import { bounded } from "../lib/bounded.ts";
import { messageOf } from "../lib/message.ts";
import { sleep } from "../lib/sleep.ts";
import { untilAborted } from "../lib/until-aborted.ts";
import { retryWhileUnreachable } from "../run-log/retry-while-unreachable.ts";
import type { RunLog } from "../run-log/run-log.ts";
import { removeJob } from "./remove-job.ts";
import { UnconfirmedStop } from "./unconfirmed-stop.ts";
import { createWebhookGrace } from "./webhook-grace.ts";

export interface LaunchDeps {
  cluster: Cluster;
  log: RunLog;
  signal: AbortSignal;
  /** UIDs of Jobs whose result was already returned to Paperclip, though the cluster may still show them as running. */
  reportedUids?: { has(uid: string): boolean };
  /** Takes over work that no result waits for. */
  background?: (what: string, work: Promise<unknown>) => void;
}

/**
 * - `yielded`: another process took the agent's slot at the same time and was first; nothing of ours is left
 * - `taken-away`: somebody deleted the Job before it was resumed
 */
export type Launched = { kind: "running"; job: Job } | { kind: "yielded"; to: string } | { kind: "taken-away" };

/** A failed launch waits this long until what it created is gone; after that the removal goes on in the background. */
const undoMs = 3_000;

/** Another process resumes its Job, or gives way, within this time; else ours gives way. */
const raceMs = 10_000;
const racePollMs = 100;

/**
 * Creates a run's objects so that none is ever left without an owner: the Job first, suspended; its Secrets, owned by it;
 * then the Job is resumed. Until then it has no pod, so giving way to another process costs nothing.
 */
export async function launch(objects: RunObjects, agentId: string, deps: LaunchDeps): Promise<Launched> {
  if (objects.claim) await ensureClaim(objects.claim, deps);
  const job = await createJob(objects.job, deps);
  let mayRun = !isSuspendedByUs(job);
  try {
    const owner = { name: job.metadata?.name ?? "", uid: job.metadata?.uid ?? "" };
    const secrets = objects.secrets(owner).map((secret) => create("secrets", secret, deps));
    const [winner] = await Promise.all([findWinner(job, agentId, deps), ...secrets]);
    if (winner) {
      await undo(job, deps);
      return { kind: "yielded", to: winner.metadata?.name ?? "" };
    }
    mayRun = true;
    const resumed = await resume(job, deps);
    return resumed ? { kind: "running", job: resumed } : { kind: "taken-away" };
  } catch (error) {
    const gone = await undo(job, deps);
    if (deps.signal.aborted && mayRun && !gone) throw new UnconfirmedStop(job.metadata?.name ?? "", error);
    throw error;
  }
}

/** Until this process resumes it the Job has no pod. A Job of a queue is suspended by its queue, not by us. */
function isSuspendedByUs(job: Job): boolean {
  return job.metadata?.annotations?.[annotation.suspendedBy] !== undefined;
}

async function createJob(job: Job, deps: LaunchDeps): Promise<Job> {
  try {
    return await create("jobs", job, deps);
  } catch (error) {
    // Refused is refused; cut off in the middle, or without an answer, it may be there all the same.
    const refused = isRunFailure(error) && !isTransient(error.cause);
    const gone = refused || (await undo(job, deps));
    if (deps.signal.aborted && !gone && !isSuspendedByUs(job))
      throw new UnconfirmedStop(job.metadata?.name ?? "", error);
    throw error;
  }
}

/** Waits for suspended Jobs of other processes: their makers may have looked before ours was there, and go on. */
async function findWinner(job: Job, agentId: string, deps: LaunchDeps): Promise<Job | undefined> {
  const { cluster, log, signal, reportedUids = new Set<string>() } = deps;
  const { namespace } = refOf(job);
  const untilMs = Date.now() + raceMs;
  for (;;) {
    const { items } = await retryWhileUnreachable("list the agent's Jobs", { log, signal }, () =>
      cluster.list("jobs", namespace, { labelSelector: agentSelector(agentId), signal }),
    );
    const race = decideRace(job, items, reportedUids);
    if (race.kind === "go-on") return undefined;
    if (race.kind === "yield" || Date.now() > untilMs) return race.to;
    await sleep(racePollMs, signal);
  }
}

/** A create that finds its object there made it itself, with an answer that was lost: names are a run's own. */
async function create<R extends "jobs" | "secrets" | "persistentvolumeclaims">(
  resource: R,
  object: Resources[R],
  { cluster, log, signal }: LaunchDeps,
): Promise<Resources[R]> {
  const ref = refOf(object);
  const what = `${object.kind} ${ref.name}`;
  const webhooks = createWebhookGrace();
  try {
    return await retryWhileUnreachable(`create ${what}`, { log, signal }, () =>
      webhooks.call(() => cluster.create(resource, object, { signal })),
    );
  } catch (error) {
    if (!isApiError(error, "exists")) throw createFailure(what, ref.namespace, error);
    const found = await retryWhileUnreachable(`read ${what}`, { log, signal }, () =>
      cluster.read(resource, ref, { signal }),
    );
    const same = found?.metadata?.labels?.[label.run] === object.metadata?.labels?.[label.run];
    if (found && same && !found.metadata?.deletionTimestamp) return found;
    throw new RunFailure("k8s_job_create_failed", `${what} exists already and is not this run's.`, { cause: error });
  }
}

/** The Job has no pod before this. Undefined: it is not there any more. */
async function resume(job: Job, { cluster, log, signal }: LaunchDeps): Promise<Job | undefined> {
  if (!isSuspendedByUs(job)) return job;
  const ref = refOf(job);
  const patch = { metadata: { annotations: { [annotation.suspendedBy]: null } }, spec: { suspend: false } };
  try {
    return await retryWhileUnreachable(`resume Job ${ref.name}`, { log, signal }, () =>
      cluster.patch("jobs", ref, { patch, signal }),
    );
  } catch (error) {
    throw createFailure(`Resuming Job ${ref.name}`, ref.namespace, error);
  }
}

/** The agent's own claim outlives its runs: one that is there, whoever made it, is used. */
async function ensureClaim(claim: Claim, deps: LaunchDeps): Promise<void> {
  const ref = refOf(claim);
  const { cluster, log, signal } = deps;
  const found = await retryWhileUnreachable(`read PersistentVolumeClaim ${ref.name}`, { log, signal }, () =>
    cluster.read("persistentvolumeclaims", ref, { signal }),
  );
  if (found) return;
  await create("persistentvolumeclaims", claim, deps);
  await log.say(`created PersistentVolumeClaim ${ref.name} for the agent's database`);
}

/**
 * Also when the create was cut off: its object may have been made. Not under the run's signal, which may be the reason.
 * Resolves to whether the cluster has confirmed that the Job is not there.
 */
async function undo(job: Job, { cluster, log, background }: LaunchDeps): Promise<boolean> {
  const ref = refOf(job);
  let why: unknown = "the Kubernetes API does not answer";
  const refused = (error: Error) => {
    why = error;
  };
  const removing = removeMade(cluster, ref, { uid: job.metadata?.uid, refused });
  background?.(`delete Job ${ref.name}`, removing);
  const bound = bounded(new AbortController().signal, undoMs);
  try {
    await untilAborted(removing, bound.signal);
    return true;
  } catch (error) {
    if (!isApiError(error) && !bound.timeUp()) throw error;
    const text = `Job ${ref.name} may be left behind; it is removed later`;
    await log.say(`${text}: ${messageOf(bound.timeUp() ? why : error)}`);
    return false;
  } finally {
    bound.done();
  }
}

interface Removal {
  uid: string | undefined;
  refused: (error: Error) => void;
}

async function removeMade(cluster: Cluster, ref: Ref, { uid, refused }: Removal): Promise<void> {
  if ((await removeJob(cluster, ref, { uid, refused })) || uid !== undefined) return;
  // A create that was cut off may still be on its way to the API server.
  await sleep(250, new AbortController().signal);
  await removeJob(cluster, ref, { refused });
}
