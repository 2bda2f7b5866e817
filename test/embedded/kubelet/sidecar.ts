import type { Container, PodObject } from "../api-server/objects.ts";
import type { StartedContainer } from "./container-start.ts";
import type { KubeletContext } from "./kubelet-context.ts";
import type { ContainerState } from "./pod-status.ts";
import { probeStartup } from "./startup-probe.ts";

export interface SidecarParts {
  context: KubeletContext;
  pod: PodObject;
  container: Container;
  /** Fires when the pod is to end, or its other containers have. */
  stopping: AbortSignal;
  /** One life of the container; `onStarted` has its process. */
  run(onStarted: (started: StartedContainer) => void): Promise<number | undefined>;
  tell(state: ContainerState): void;
  /** It runs, and its startup probe has succeeded. */
  onReady(): void;
}

/** The real kubelet begins with 10 s and doubles; the first restart comes at once (seen with 1.34). */
const firstBackOffMs = 300;
const longestBackOffMs = 5_000;

export function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === "Always";
}

/** A native sidecar: started again whenever it ends, with whatever code, until the pod is over. */
export async function runSidecar(parts: SidecarParts): Promise<void> {
  const { context, stopping } = parts;
  for (let restarts = 0; !stopping.aborted; restarts++) {
    if (restarts > 1) await backOff(parts, restarts);
    if (stopping.aborted) return;
    const ended = new AbortController();
    await parts.run((started) => void watchStart(parts, { started, ended: ended.signal })).finally(() => ended.abort());
    // Its end is written down before the next start.
    await context.timers.sleep(20, stopping);
  }
}

async function backOff({ context, pod, container, stopping, tell }: SidecarParts, restarts: number): Promise<void> {
  const { name } = container;
  const { metadata } = pod;
  const message = `back-off ${10 * 2 ** (restarts - 2)}s restarting failed container=${name} pod=${metadata.name}_${metadata.namespace}(${metadata.uid})`;
  // In a pod that restarts nothing else the status keeps showing the end (seen with 1.34).
  if (pod.spec.restartPolicy !== "Never") tell({ kind: "waiting", reason: "CrashLoopBackOff", message });
  context.events.record(pod, {
    type: "Warning",
    reason: "BackOff",
    message: `Back-off restarting failed container ${name} in pod ${metadata.name}_${metadata.namespace}(${metadata.uid})`,
    component: "kubelet",
    fieldPath: `spec.initContainers{${name}}`,
  });
  await context.timers.sleep(Math.min(longestBackOffMs, firstBackOffMs * 2 ** (restarts - 2)), stopping);
}

async function watchStart(
  { context, pod, container, onReady }: SidecarParts,
  { started, ended }: { started: StartedContainer; ended: AbortSignal },
): Promise<void> {
  const isUp = await probeStartup(container, { timers: context.timers, exec: started.exec, ended });
  if (isUp) return onReady();
  if (isUp === undefined) return;
  context.events.record(pod, {
    type: "Normal",
    reason: "Killing",
    message: `Container ${container.name} failed startup probe, will be restarted`,
    component: "kubelet",
    fieldPath: `spec.initContainers{${container.name}}`,
  });
  started.process.stop((pod.spec.terminationGracePeriodSeconds ?? 30) * 1000);
}
