import { isApiError } from "../cluster/api-error.ts";
import type { Cluster, Pod } from "../cluster/cluster.ts";
import { jobNameLabel } from "../job/names.ts";
import { backoffMs } from "../lib/backoff.ts";
import { bounded } from "../lib/bounded.ts";
import { sleep } from "../lib/sleep.ts";
import { untilAborted } from "../lib/until-aborted.ts";

/** The latest that is known of a Job's pod. */
export type PodState = { kind: "absent" } | { kind: "present"; pod: Pod } | { kind: "deleted"; last: Pod };

/** One run's view of its pod. */
export interface PodView {
  state(): PodState;
  /** Resolves when the pod changed since the state was last asked for, or when all pods were read anew. */
  changed(signal: AbortSignal): Promise<void>;
  /** Reads all pods now: for whoever must not depend on a watch that may be dead. A transient error is none. */
  refresh(signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface PodWatcher {
  view(jobName: string): PodView;
}

export interface PodScope {
  namespace: string;
  labelSelector: string;
}

type WatcherCluster = Pick<Cluster, "list" | "watch">;

/** Bookmarks come about once a minute (API server's default); a watch without a word for longer is dead. */
const silentMs = 150_000;
/** Behind every watch: a missed event is noticed at the latest then. */
const relistMs = 10 * 60_000;
/** Where `watch` is not granted. */
const pollMs = 3_000;
const healthyMs = 60_000;
/** A watch that ends sooner, without a word, has failed: something on the way does not let it live (so does client-go). */
const shortestWatchMs = 1_000;
/** Bound of a read that somebody asked for. */
const refreshMs = 10_000;

/**
 * One watch over all our pods of a namespace, shared by all runs: API requests do not grow with the runs. It works
 * while at least one view is open, and polls where `watch` is not granted.
 */
export function createPodWatcher(cluster: WatcherCluster, scope: PodScope): PodWatcher {
  const states = new PodStates();
  let life: AbortController | undefined;
  let reading: Promise<void> | undefined;
  /** One read for all who ask at the same time; only the watcher's own end aborts it. */
  const readNow = (): Promise<void> => {
    reading ??= readOnce(cluster, { ...scope, states }, life?.signal).finally(() => {
      reading = undefined;
    });
    return reading;
  };
  return {
    view(job) {
      const view = states.open(job);
      if (!life) {
        life = new AbortController();
        void keepUp(cluster, { ...scope, states }, life.signal);
      }
      return {
        ...view,
        refresh: (signal) => untilAborted(readNow(), signal),
        close: () => {
          view.close();
          if (!states.isEmpty) return;
          life?.abort(new Error("nobody looks at the pods any more"));
          life = undefined;
          states.forget();
        },
      };
    },
  };
}

async function readOnce(cluster: WatcherCluster, watched: Watched, life = new AbortController().signal): Promise<void> {
  const bound = bounded(life, refreshMs);
  try {
    await readPods(cluster, watched, bound.signal);
  } catch (error) {
    if (!isApiError(error) && !bound.signal.aborted) throw error;
  } finally {
    bound.done();
  }
}

interface Watched extends PodScope {
  states: PodStates;
}

/** A failure in here ends no run: whoever waits for long asks the API itself, and says what it says. */
async function keepUp(cluster: WatcherCluster, watched: Watched, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const startedAtMs = Date.now();
    try {
      await followPods(cluster, { ...watched, resourceVersion: await readPods(cluster, watched, signal) }, signal);
      failures = 0;
    } catch (error) {
      failures = Date.now() - startedAtMs > healthyMs ? 0 : failures + 1;
      await sleep(retryMs(error, failures), signal).catch(() => undefined);
    }
  }
}

function retryMs(error: unknown, failures: number): number {
  // What happened while the version was too old is read at once; a server that says so again and again is not besieged.
  if (isApiError(error, "gone") && failures <= 1) return 0;
  if (isApiError(error, "denied")) return pollMs;
  const waitMs = backoffMs(failures, { firstMs: 250, maxMs: 10_000 });
  return isApiError(error) ? Math.max(waitMs, error.retryAfterMs ?? 0) : waitMs;
}

async function readPods(
  cluster: WatcherCluster,
  { namespace, labelSelector, states }: Watched,
  signal: AbortSignal,
): Promise<string> {
  const { items, resourceVersion } = await cluster.list("pods", namespace, { labelSelector, signal });
  states.replace(items);
  return resourceVersion;
}

interface Version {
  resourceVersion: string;
}

async function followPods(cluster: WatcherCluster, watched: Watched & Version, signal: AbortSignal): Promise<void> {
  const relistAtMs = Date.now() + relistMs;
  let { resourceVersion } = watched;
  while (Date.now() < relistAtMs) resourceVersion = await watchPods(cluster, { ...watched, resourceVersion }, signal);
}

/** One watch to its end; the result is the version that the next one goes on from. */
async function watchPods(cluster: WatcherCluster, watched: Watched & Version, signal: AbortSignal): Promise<string> {
  const openedAtMs = Date.now();
  const silence = new AbortController();
  const { namespace, labelSelector, states } = watched;
  let { resourceVersion } = watched;
  let heard = false;
  const options = { labelSelector, resourceVersion, signal: AbortSignal.any([signal, silence.signal]) };
  const events = cluster.watch("pods", namespace, options)[Symbol.asyncIterator]();
  for (;;) {
    const bound = bounded(signal, silentMs);
    bound.signal.addEventListener("abort", () => silence.abort(bound.signal.reason), { once: true });
    const next = await events.next().finally(bound.done);
    if (next.done) break;
    heard = true;
    const event = next.value;
    if (event.type !== "BOOKMARK") states.put(event.object, event.type === "DELETED");
    resourceVersion =
      (event.type === "BOOKMARK" ? event.resourceVersion : event.object.metadata?.resourceVersion) ?? resourceVersion;
  }
  if (!heard && Date.now() - openedAtMs < shortestWatchMs) throw new Error("the watch ended as soon as it had begun");
  return resourceVersion;
}

/** The latest state of each pod, and the views that are woken when it changes. */
class PodStates {
  readonly #states = new Map<string, PodState>();
  readonly #views = new Set<{ job: string; wake(): void }>();

  get isEmpty(): boolean {
    return this.#views.size === 0;
  }

  put(pod: Pod, deleted: boolean): void {
    const job = pod.metadata?.labels?.[jobNameLabel];
    if (job === undefined) return;
    // A pod is kept before anybody looks: a run that takes a Job over finds it. Of a deleted one only its run wants to know.
    if (deleted && !this.#isWatched(job)) this.#states.delete(job);
    else this.#states.set(job, deleted ? { kind: "deleted", last: pod } : { kind: "present", pod });
    for (const view of this.#views) if (view.job === job) view.wake();
  }

  forget(): void {
    this.#states.clear();
  }

  /** All pods there are: no event comes for what went while nobody listened. */
  replace(pods: readonly Pod[]): void {
    const there = new Set(pods.map(({ metadata }) => metadata?.uid));
    for (const state of this.#states.values()) {
      if (state.kind === "present" && !there.has(state.pod.metadata?.uid)) this.put(state.pod, true);
    }
    for (const pod of pods) this.put(pod, false);
    for (const view of this.#views) view.wake();
  }

  #isWatched(job: string): boolean {
    return [...this.#views].some((view) => view.job === job);
  }

  open(job: string): Omit<PodView, "refresh"> {
    let stale = false;
    const waiters = new Set<() => void>();
    const view = {
      job,
      wake: () => {
        stale = true;
        for (const resolve of waiters) resolve();
      },
    };
    this.#views.add(view);
    return {
      state: () => {
        stale = false;
        return this.#states.get(job) ?? { kind: "absent" };
      },
      changed: (signal) => {
        if (stale) return Promise.resolve();
        const woken = Promise.withResolvers<void>();
        waiters.add(woken.resolve);
        return untilAborted(woken.promise, signal).finally(() => waiters.delete(woken.resolve));
      },
      close: () => {
        this.#views.delete(view);
        if (this.#states.get(job)?.kind === "deleted" && !this.#isWatched(job)) this.#states.delete(job);
      },
    };
  }
}
