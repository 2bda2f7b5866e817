import type { Container, ContainerStatus, PodObject, PodStatus } from "../api-server/objects.ts";
import { formatSeconds } from "./node-clock.ts";
import { isSidecar } from "./sidecar.ts";

export type ContainerState =
  | { kind: "waiting"; reason: string; message?: string }
  | { kind: "running"; id: string; startedAt: string; isStarted?: boolean }
  | {
      kind: "terminated";
      id: string;
      startedAt: string;
      finishedAt: string;
      exitCode: number;
      reason: string;
      message?: string;
    };

export interface Restarts {
  count: number;
  last: Extract<ContainerState, { kind: "terminated" }>;
}

/** What kubelet knows of a pod when it writes the status. */
export interface PodView {
  pod: PodObject;
  states: ReadonlyMap<string, ContainerState>;
  /** Of containers that were restarted: how often, and how the last life ended. */
  restarts?: ReadonlyMap<string, Restarts>;
  startTime: string;
  /** Set once the pod is over as a whole; containers end before. */
  finalPhase: "Succeeded" | "Failed" | undefined;
  reason: string | undefined;
  message: string | undefined;
}

/** A pod's status in the shape and words that kubelet writes (seen with 1.34). */
export function buildPodStatus(view: PodView): PodStatus {
  const { pod } = view;
  const inits = pod.spec.initContainers ?? [];
  return {
    phase: phaseOf(view),
    conditions: buildConditions(view),
    ...(view.message === undefined ? {} : { message: view.message }),
    ...(view.reason === undefined ? {} : { reason: view.reason }),
    hostIP: "127.0.0.1",
    hostIPs: [{ ip: "127.0.0.1" }],
    podIP: "127.0.0.1",
    podIPs: [{ ip: "127.0.0.1" }],
    startTime: view.startTime,
    ...(inits.length === 0 ? {} : { initContainerStatuses: inits.map((each) => containerStatus(each, view, true)) }),
    containerStatuses: pod.spec.containers.map((each) => containerStatus(each, view, false)),
    ...(pod.status.qosClass === undefined ? {} : { qosClass: pod.status.qosClass }),
  };
}

function phaseOf({ pod, states, finalPhase }: PodView): string {
  if (finalPhase) return finalPhase;
  return pod.spec.containers.some(({ name }) => states.get(name)?.kind === "running" || hasRunInRunningPod(pod, name))
    ? "Running"
    : "Pending";
}

/** A container that ended before its start was ever written leaves the pod Pending until the end (seen with 1.34). */
function hasRunInRunningPod(pod: PodObject, name: string): boolean {
  const known = pod.status.containerStatuses?.find((status) => status.name === name);
  return (
    pod.status.phase === "Running" && (known?.state?.running !== undefined || known?.state?.terminated !== undefined)
  );
}

function containerStatus(
  container: Container,
  { states, restarts }: Pick<PodView, "states" | "restarts">,
  isInit: boolean,
): ContainerStatus {
  const restarted = restarts?.get(container.name);
  const state: ContainerState = states.get(container.name) ?? { kind: "waiting", reason: "PodInitializing" };
  const { name, image = "" } = container;
  const base = { name, lastState: lastStateOf(restarted), restartCount: restarted?.count ?? 0, image };
  if (state.kind === "waiting") {
    const { kind: _, ...waiting } = state;
    return { ...base, state: { waiting }, ready: false, imageID: "", started: false };
  }
  const { kind, id: containerID, ...rest } = state;
  const isStarted = state.kind === "running" && state.isStarted !== false;
  const imageID = `sha256:${Buffer.from(image).toString("hex").padEnd(64, "0").slice(0, 64)}`;
  if (kind === "running") {
    return {
      ...base,
      state: { running: { startedAt: (rest as { startedAt: string }).startedAt } },
      ready: isStarted && (!isInit || isSidecar(container)),
      imageID,
      containerID,
      started: isStarted,
    };
  }
  const terminated = { ...(rest as Omit<typeof state & { kind: "terminated" }, "kind" | "id">), containerID };
  return {
    ...base,
    state: { terminated },
    ready: isInit && terminated.exitCode === 0,
    imageID,
    containerID,
    started: false,
  };
}

function lastStateOf(restarted: Restarts | undefined): NonNullable<ContainerStatus["lastState"]> {
  if (!restarted) return {};
  const { kind: _, id: containerID, ...terminated } = restarted.last;
  return { terminated: { ...terminated, containerID } };
}

type Condition = NonNullable<PodStatus["conditions"]>[number];

function buildConditions(view: PodView): Condition[] {
  const { pod, states, finalPhase } = view;
  const inits = pod.spec.initContainers ?? [];
  const pendingInits = inits.filter(({ name }) => !isDone(states.get(name))).map(({ name }) => name);
  const unready = pod.spec.containers
    .filter(({ name }) => states.get(name)?.kind !== "running")
    .map(({ name }) => name);
  const over = overReason(view);
  const readyFacts = over
    ? { status: "False", reason: over }
    : unready.length > 0
      ? {
          status: "False",
          reason: "ContainersNotReady",
          message: `containers with unready status: [${unready.join(" ")}]`,
        }
      : { status: "True" };
  const started = [...states.values()].some(({ kind }) => kind !== "waiting");
  const fresh: Condition[] = [
    { type: "PodReadyToStartContainers", status: started && !finalPhase ? "True" : "False" },
    {
      type: "Initialized",
      ...(pendingInits.length > 0
        ? {
            status: "False",
            reason: "ContainersNotInitialized",
            message: `containers with incomplete status: [${pendingInits.join(" ")}]`,
          }
        : { status: "True", ...(over === "PodCompleted" ? { reason: over } : {}) }),
    },
    { type: "Ready", ...readyFacts },
    { type: "ContainersReady", ...readyFacts },
    { type: "PodScheduled", status: "True" },
  ];
  const own = fresh.map(({ type }) => type);
  const foreign = (pod.status.conditions ?? []).filter(({ type }) => !own.includes(type));
  return [...foreign, ...fresh.map((condition) => withTransition(condition, pod.status.conditions))];
}

function isDone(state: ContainerState | undefined): boolean {
  return (
    (state?.kind === "terminated" && state.exitCode === 0) || (state?.kind === "running" && state.isStarted !== false)
  );
}

/** "PodCompleted" or "PodFailed" as soon as all containers have ended. */
function overReason({ pod, states, finalPhase }: PodView): "PodCompleted" | "PodFailed" | undefined {
  if (finalPhase) return finalPhase === "Succeeded" ? "PodCompleted" : "PodFailed";
  const ended = pod.spec.containers.map(({ name }) => states.get(name));
  if (!ended.every((state) => state?.kind === "terminated")) return undefined;
  return ended.every((state) => state?.kind === "terminated" && state.exitCode === 0) ? "PodCompleted" : "PodFailed";
}

function withTransition(condition: Condition, known: readonly Condition[] | undefined): Condition {
  const before = known?.find(({ type }) => type === condition.type);
  const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
  return { ...condition, lastTransitionTime: since ?? formatSeconds() };
}
