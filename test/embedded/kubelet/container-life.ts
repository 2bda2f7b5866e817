import type { Container } from "../api-server/objects.ts";
import type { EventNote } from "../controllers/event-recorder.ts";
import { ConfigError } from "./container-env.ts";
import { StartError } from "./container-process.ts";
import { type PodPlace, type StartedContainer, startContainer } from "./container-start.ts";
import { findImage, type Image, imageNameFault, pullFailure } from "./images.ts";
import { formatSeconds } from "./node-clock.ts";
import type { ContainerState } from "./pod-status.ts";

/** One container's way from its image to its end, told to the pod as it goes. */
export interface ContainerLife {
  place: PodPlace;
  container: Container;
  isInit: boolean;
  /** Fires when the pod is to end: nothing new is started then. */
  stopping: AbortSignal;
  tell(state: ContainerState): void;
  onStarted(started: StartedContainer): void;
  wasOomKilled(): boolean;
}

const firstRetryMs = 200;
const longestRetryMs = 5_000;

/** Runs the container once. Returns its exit code, or undefined when the pod ended before it could start. */
export async function runContainer(life: ContainerLife): Promise<number | undefined> {
  for (let attempt = 0; !life.stopping.aborted; attempt++) {
    const waitMs = Math.min(longestRetryMs, firstRetryMs * 2 ** attempt);
    const image = await findReadyImage(life, waitMs);
    if (image) {
      const outcome = tryStart(life, image);
      if (outcome.kind === "started") return finish(life, outcome.started);
      if (outcome.kind === "failed") return outcome.exitCode;
    }
    await life.place.context.timers.sleep(waitMs, life.stopping);
  }
  return undefined;
}

function note({ place, container, isInit }: ContainerLife, event: Omit<EventNote, "component" | "fieldPath">): void {
  const fieldPath = `spec.${isInit ? "initContainers" : "containers"}{${container.name}}`;
  place.context.events.record(place.pod, { ...event, component: "kubelet", fieldPath });
}

function wait(life: ContainerLife, reason: string, message?: string): void {
  life.tell({ kind: "waiting", reason, ...(message === undefined ? {} : { message }) });
  note(life, { type: "Warning", reason: "Failed", message: `Error: ${isConfigReason(reason) ? message : reason}` });
}

function isConfigReason(reason: string): boolean {
  return reason === "CreateContainerConfigError";
}

async function findReadyImage(life: ContainerLife, waitMs: number): Promise<Image | undefined> {
  const { image: name = "", imagePullPolicy } = life.container;
  const { images, timers } = life.place.context;
  const fault = imageNameFault(name);
  if (fault) {
    note(life, { type: "Warning", reason: "InspectFailed", message: fault });
    wait(life, "InvalidImageName", fault);
    return undefined;
  }
  const image = findImage(images, name);
  if (image?.waiting) {
    wait(life, image.waiting.reason, image.waiting.message);
    return undefined;
  }
  const present = image !== undefined && image.pullMs === undefined && image.pullError === undefined;
  if (present && imagePullPolicy !== "Always") {
    note(life, { type: "Normal", reason: "Pulled", message: `Container image "${name}" already present on machine` });
    return image;
  }
  if (imagePullPolicy === "Never") {
    const message = `Container image "${name}" is not present with pull policy of Never`;
    note(life, { type: "Warning", reason: "ErrImageNeverPull", message });
    wait(life, "ErrImageNeverPull", message);
    return undefined;
  }
  note(life, { type: "Normal", reason: "Pulling", message: `Pulling image "${name}"` });
  await timers.sleep(image?.pullMs ?? 0, life.stopping);
  if (image && image.pullError === undefined) {
    const took = `${image.pullMs ?? 1}ms`;
    note(life, {
      type: "Normal",
      reason: "Pulled",
      message: `Successfully pulled image "${name}" in ${took} (${took} including waiting). Image size: 1000000 bytes.`,
    });
    return image;
  }
  await backOff(life, pullFailure(name, image), waitMs);
  return undefined;
}

/** First the pull's own error, a moment later the back-off that quotes it (seen with 1.34). */
async function backOff(life: ContainerLife, failure: string, waitMs: number): Promise<void> {
  const name = life.container.image ?? "";
  note(life, { type: "Warning", reason: "Failed", message: `Failed to pull image "${name}": ${failure}` });
  wait(life, "ErrImagePull", failure);
  await life.place.context.timers.sleep(waitMs, life.stopping);
  if (life.stopping.aborted) return;
  note(life, { type: "Normal", reason: "BackOff", message: `Back-off pulling image "${name}"` });
  wait(life, "ImagePullBackOff", `Back-off pulling image "${name}": ErrImagePull: ${failure}`);
}

type StartOutcome =
  | { kind: "started"; started: StartedContainer }
  | { kind: "failed"; exitCode: number }
  | { kind: "retry" };

function tryStart(life: ContainerLife, image: Image): StartOutcome {
  const { place, container } = life;
  try {
    const onCreated = () =>
      note(life, { type: "Normal", reason: "Created", message: `Created container: ${container.name}` });
    const started = startContainer(place, container, { image, onCreated });
    note(life, { type: "Normal", reason: "Started", message: `Started container ${container.name}` });
    return { kind: "started", started };
  } catch (error) {
    if (error instanceof ConfigError) {
      wait(life, "CreateContainerConfigError", error.message);
      return { kind: "retry" };
    }
    if (!(error instanceof StartError)) throw error;
    note(life, { type: "Warning", reason: "Failed", message: `Error: ${error.message}` });
    const times = { startedAt: "1970-01-01T00:00:00Z", finishedAt: formatSeconds() };
    life.tell({
      kind: "terminated",
      id: containerId(place.pod.metadata.uid),
      ...times,
      exitCode: 128,
      reason: "StartError",
      message: error.message,
    });
    return { kind: "failed", exitCode: 128 };
  }
}

async function finish(life: ContainerLife, started: StartedContainer): Promise<number> {
  const id = `containerd://${started.id}`;
  const startedAt = formatSeconds();
  life.tell({ kind: "running", id, startedAt });
  life.onStarted(started);
  const exitCode = await started.process.ended;
  const reason = life.wasOomKilled() ? "OOMKilled" : exitCode === 0 ? "Completed" : "Error";
  life.tell({ kind: "terminated", id, startedAt, finishedAt: formatSeconds(), exitCode, reason });
  return exitCode;
}

/** An id for a container that was created and never ran. */
function containerId(seed: string): string {
  return `containerd://${seed.replaceAll("-", "").padEnd(64, "0")}`;
}
