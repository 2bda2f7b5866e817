import { join } from "node:path";
import { type Container, type PodObject, refOf } from "../api-server/objects.ts";
import { runContainer } from "./container-life.ts";
import type { ContainerLog } from "./container-log.ts";
import { envSources, type StartedContainer } from "./container-start.ts";
import type { KubeletContext } from "./kubelet-context.ts";
import { formatSeconds } from "./node-clock.ts";
import { buildPodStatus, type ContainerState, type Restarts } from "./pod-status.ts";
import { isSidecar, runSidecar } from "./sidecar.ts";
import { createStatusPublisher } from "./status-publisher.ts";
import { MountError, prepareVolume } from "./volume-folders.ts";

/** Why a pod ends before its containers do. Without a reason the containers' exit codes decide its phase. */
export interface StopCause {
  graceSec: number;
  reason?: string;
  message?: string;
}

/** One pod on the node, from its volumes to its last status. */
export interface PodRun {
  readonly uid: string;
  readonly ended: Promise<void>;
  stop(cause: StopCause): void;
  oomKill(container: string): void;
  logOf(container: string): ContainerLog | undefined;
  containerIds(): string[];
}

const mountRetryMs = 200;

export function startPodRun(context: KubeletContext, pod: PodObject, folder: string): PodRun {
  const { timers, store, events } = context;
  const ref = refOf(pod);
  const states = initialStates(pod);
  const restarts = new Map<string, Restarts>();
  const started = new Map<string, StartedContainer>();
  const oomKilled = new Set<string>();
  const stopping = new AbortController();
  const startTime = formatSeconds();
  let cause: StopCause | undefined;
  let finalPhase: "Succeeded" | "Failed" | undefined;

  const publisher = createStatusPublisher({
    store,
    timers,
    ref,
    uid: pod.metadata.uid,
    delayMs: () => context.state.statusDelayMs,
    isCutOff: () => context.state.isLost,
    status: () => {
      const current = store.get("pods", ref) ?? pod;
      const { reason, message } = cause ?? {};
      return buildPodStatus({ pod: current, states, restarts, startTime, finalPhase, reason, message });
    },
  });

  function stop(next: StopCause): void {
    if (cause === undefined) {
      cause = next;
      for (const [name] of running()) {
        events.record(pod, {
          type: "Normal",
          reason: "Killing",
          message: `Stopping container ${name}`,
          component: "kubelet",
          fieldPath: `spec.containers{${name}}`,
        });
      }
    }
    stopping.abort();
    for (const [, container] of running()) container.process.stop(next.graceSec * 1000);
  }

  const running = () => [...started].filter(([name]) => states.get(name)?.kind === "running");

  const tell = (name: string, state: ContainerState) => {
    const before = states.get(name);
    if (before?.kind === "terminated" && state.kind !== "terminated")
      restarts.set(name, { count: (restarts.get(name)?.count ?? 0) + 1, last: before });
    states.set(name, state);
    publisher.publish();
  };

  const run = (container: Container, { isInit, volumes, onStarted, until = stopping.signal }: Life) =>
    runContainer({
      place: { context, pod, folder, volumes },
      container,
      isInit,
      stopping: until,
      tell: (state) =>
        tell(
          container.name,
          state.kind === "running" && container.startupProbe ? { ...state, isStarted: false } : state,
        ),
      onStarted: (each) => {
        started.set(container.name, each);
        onStarted?.(each);
        // The stop came between the decision to start and the start.
        if (stopping.signal.aborted) each.process.stop((cause?.graceSec ?? 0) * 1000);
      },
      wasOomKilled: () => oomKilled.has(container.name),
    });

  function startSidecar(container: Container, { volumes, over }: { volumes: Life["volumes"]; over: AbortSignal }) {
    const { name } = container;
    const until = AbortSignal.any([stopping.signal, over]);
    let ended: Promise<void> = Promise.resolve();
    const ready = new Promise<void>((resolve) => {
      until.addEventListener("abort", () => resolve(), { once: true });
      ended = runSidecar({
        context,
        pod,
        container,
        stopping: until,
        run: (onStarted) => run(container, { isInit: true, volumes, onStarted, until }),
        tell: (state) => tell(name, state),
        onReady: () => {
          const state = states.get(name);
          if (state?.kind === "running") tell(name, { ...state, isStarted: true });
          resolve();
        },
      });
    });
    return { ready, ended };
  }

  async function live(): Promise<void> {
    publisher.publish();
    const volumes = await mountVolumes({ context, pod, folder, stopping: stopping.signal });
    const exitCodes = volumes
      ? await runAll(pod, stopping.signal, {
          run: (each, isInit) => run(each, { isInit, volumes }),
          startSidecar: (container, over) => startSidecar(container, { volumes, over }),
          started,
        })
      : [];
    await publisher.flushed();
    const failed = exitCodes.length === 0 || exitCodes.some((code) => code !== 0);
    finalPhase = failed || cause?.reason !== undefined ? "Failed" : "Succeeded";
    await publisher.flushed();
  }

  const deadlineSec = pod.spec.activeDeadlineSeconds;
  const cancelDeadline =
    deadlineSec === undefined ? () => {} : timers.after(deadlineSec * 1000, () => exceed(stop, context, pod));
  return {
    uid: pod.metadata.uid,
    ended: live().finally(cancelDeadline),
    stop,
    oomKill(name) {
      oomKilled.add(name);
      started.get(name)?.process.kill();
    },
    logOf: (name) => started.get(name)?.log,
    containerIds: () => [...started.values()].map(({ id }) => id),
  };
}

function initialStates(pod: PodObject): Map<string, ContainerState> {
  const inits = pod.spec.initContainers ?? [];
  const reason = inits.length > 0 ? "PodInitializing" : "ContainerCreating";
  return new Map([...inits, ...pod.spec.containers].map(({ name }) => [name, { kind: "waiting", reason }]));
}

function exceed(stop: PodRun["stop"], { events }: KubeletContext, pod: PodObject): void {
  const message = "Pod was active on the node longer than the specified deadline";
  events.record(pod, { type: "Normal", reason: "DeadlineExceeded", message, component: "kubelet" });
  stop({ graceSec: pod.spec.terminationGracePeriodSeconds ?? 30, reason: "DeadlineExceeded", message });
}

interface MountParts {
  context: KubeletContext;
  pod: PodObject;
  folder: string;
  stopping: AbortSignal;
}

/** Tries until all volumes are there, as kubelet does. Undefined: the pod ended before. */
async function mountVolumes({ context, pod, folder, stopping }: MountParts): Promise<Map<string, string> | undefined> {
  const namespace = pod.metadata.namespace ?? "";
  const sources = {
    ...envSources(context, pod),
    claimFolder: (name: string) => context.claimFolder(namespace, name),
    token: () => context.tokenFor(namespace, pod.spec.serviceAccountName ?? "default"),
    caBundle: () => "",
  };
  while (!stopping.aborted) {
    try {
      const root = join(folder, "volumes");
      return new Map(
        (pod.spec.volumes ?? []).map((volume) => [volume.name, prepareVolume(volume, pod, { root, sources })]),
      );
    } catch (error) {
      if (!(error instanceof MountError)) throw error;
      context.events.record(pod, {
        type: "Warning",
        reason: "FailedMount",
        message: error.message,
        component: "kubelet",
      });
      await context.timers.sleep(mountRetryMs, stopping);
    }
  }
  return undefined;
}

interface Life {
  isInit: boolean;
  volumes: ReadonlyMap<string, string>;
  onStarted?: (started: StartedContainer) => void;
  until?: AbortSignal;
}

interface RunParts {
  run(container: Container, isInit: boolean): Promise<number | undefined>;
  startSidecar(container: Container, over: AbortSignal): { ready: Promise<void>; ended: Promise<void> };
  started: ReadonlyMap<string, StartedContainer>;
}

/**
 * Init containers in order, each sidecar among them until it has started, then the containers together. Returns their exit
 * codes; none when the pod was stopped before.
 */
async function runAll(pod: PodObject, stopping: AbortSignal, parts: RunParts): Promise<number[]> {
  const over = new AbortController();
  const sidecars: { name: string; ended: Promise<void> }[] = [];
  try {
    for (const init of pod.spec.initContainers ?? []) {
      if (isSidecar(init)) {
        const { ready, ended } = parts.startSidecar(init, over.signal);
        sidecars.push({ name: init.name, ended });
        await ready;
        continue;
      }
      const code = await parts.run(init, true);
      if (code !== 0) return code === undefined ? [] : [code];
    }
    if (stopping.aborted) return [];
    const codes = await Promise.all(pod.spec.containers.map((container) => parts.run(container, false)));
    return codes.every((code) => code !== undefined) ? codes : codes.map((code) => code ?? 137);
  } finally {
    over.abort();
    const graceMs = (pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
    for (const { name } of sidecars) parts.started.get(name)?.process.stop(graceMs);
    await Promise.all(sidecars.map(({ ended }) => ended));
  }
}
