import { rmSync } from "node:fs";
import { join } from "node:path";
import { removeIfReleased } from "../api-server/deletion.ts";
import { isFinishedPod, type PodObject, refOf } from "../api-server/objects.ts";
import type { Change } from "../api-server/store.ts";
import type { ContainerLog } from "./container-log.ts";
import { type KubeletContext, nodeName } from "./kubelet-context.ts";
import { formatSeconds } from "./node-clock.ts";
import { type PodRun, type StopCause, startPodRun } from "./pod-run.ts";
import { buildPodStatus, type ContainerState } from "./pod-status.ts";

/** A pod with this annotation is shown as running and nothing is started for it. */
export const staticAnnotation = "embedded.test/static";

/** The node's agent: runs the pods bound to it as local processes. */
export interface Kubelet {
  logOf(uid: string, container: string): ContainerLog | undefined;
  runOf(uid: string): PodRun | undefined;
  /** Ends a pod in kubelet's own name, such as an eviction. */
  stopPod(uid: string, cause: StopCause): void;
  stop(): Promise<void>;
}

export function startKubelet(context: KubeletContext): Kubelet {
  const { store, timers, state } = context;
  const runs = new Map<string, PodRun>();
  const folderOf = (pod: PodObject) =>
    join(context.root, "pods", `${pod.metadata.namespace}_${pod.metadata.name}_${pod.metadata.uid}`);

  function begin(pod: PodObject): void {
    const run = startPodRun(context, pod, folderOf(pod));
    runs.set(pod.metadata.uid, run);
    void run.ended.then(() => release(pod));
  }

  /** The last word of kubelet on a pod that is being deleted: nothing of it is left on the node. */
  function release(pod: PodObject): void {
    const current = store.get("pods", refOf(pod));
    if (current?.metadata.uid !== pod.metadata.uid || current.metadata.deletionTimestamp === undefined || state.isLost)
      return;
    const updated = store.update("pods", refOf(pod), (draft) => {
      draft.metadata.deletionGracePeriodSeconds = 0;
    });
    if (updated) removeIfReleased(store, "pods", updated);
  }

  function remove(pod: PodObject): void {
    const run = runs.get(pod.metadata.uid);
    runs.delete(pod.metadata.uid);
    run?.stop({ graceSec: 0 });
    const names = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map(({ name }) => name);
    void (run?.ended ?? Promise.resolve()).then(() => {
      for (const name of names) run?.logOf(name)?.remove();
      rmSync(folderOf(pod), { recursive: true, force: true, maxRetries: 3 });
    });
  }

  function sync(pod: PodObject): void {
    if (pod.spec.nodeName !== nodeName || state.isLost) return;
    const run = runs.get(pod.metadata.uid);
    if (pod.metadata.deletionTimestamp !== undefined) {
      if (run && !isFinishedPod(pod)) run.stop({ graceSec: pod.metadata.deletionGracePeriodSeconds ?? 30 });
      else if (!run || isFinishedPod(pod)) timers.after(state.statusDelayMs, () => release(pod));
      return;
    }
    if (run || isFinishedPod(pod)) return;
    if (pod.metadata.annotations?.[staticAnnotation] === "true") showRunning(context, pod);
    else begin(pod);
  }

  const unsubscribe = store.subscribe((change: Change) => {
    if (change.resource !== "pods") return;
    const pod = change.object as PodObject;
    // Outside of the store's own call, so that no change is made while one is being told.
    timers.after(0, () => (change.type === "DELETED" ? remove(pod) : sync(store.get("pods", refOf(pod)) ?? pod)));
  });

  return {
    logOf: (uid, container) => runs.get(uid)?.logOf(container),
    runOf: (uid) => runs.get(uid),
    stopPod: (uid, cause) => runs.get(uid)?.stop(cause),
    async stop() {
      unsubscribe();
      // A lost node waits to be found before it tells a status; nobody will find it now.
      state.isLost = false;
      const all = [...runs.values()];
      for (const run of all) run.stop({ graceSec: 0 });
      context.reaper.reapNow(all.flatMap((run) => run.containerIds()));
      await Promise.all(all.map((run) => run.ended));
    },
  };
}

function showRunning({ store }: KubeletContext, pod: PodObject): void {
  if (pod.status.phase === "Running") return;
  const startedAt = formatSeconds();
  const states = new Map(
    pod.spec.containers.map(({ name }): [string, ContainerState] => [
      name,
      {
        kind: "running",
        id: `containerd://${Buffer.from(name).toString("hex").padEnd(64, "0").slice(0, 64)}`,
        startedAt,
      },
    ]),
  );
  store.update("pods", refOf(pod), (draft) => {
    draft.status = buildPodStatus({
      pod,
      states,
      startTime: startedAt,
      finalPhase: undefined,
      reason: undefined,
      message: undefined,
    });
  });
}
