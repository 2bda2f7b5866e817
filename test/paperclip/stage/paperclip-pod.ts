import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { kubectl, kubectlJson } from "./kubectl.ts";
import type { Relay } from "./relay.ts";

interface PaperclipPod {
  metadata: { name: string; deletionTimestamp?: string };
  status: { podIP?: string; containerStatuses?: { containerID: string; restartCount: number; ready: boolean }[] };
}

const selector = ["-l", "app.kubernetes.io/name=paperclip"] as const;

/** Waits until the pod of the Deployment answers, and points the relay at it. */
export async function pointAtPaperclip(namespace: string, relay: Relay): Promise<void> {
  await kubectl("-n", namespace, "rollout", "status", "deployment/paperclip", "--timeout=120s").catch(async (error) => {
    const logs = await kubectl("-n", namespace, "logs", "deployment/paperclip", "--tail=40").catch(String);
    const pods = await kubectl("-n", namespace, "describe", "pods").catch(String);
    throw new Error(`Paperclip does not start: ${error}\n${logs}\n${pods}`);
  });
  const host = (await livePod(namespace)).status.podIP;
  if (host === undefined) throw new Error("Paperclip's pod has no address");
  relay.pointAt({ host, port: 3100 });
}

/**
 * As an upgrade of a Deployment with strategy Recreate does: the old pod first, whole. A pod that is merely deleted has
 * its successor beside it while it ends, and two of Paperclip's embedded databases in one folder destroy it.
 */
export async function replacePaperclip(namespace: string, relay: Relay): Promise<void> {
  const { metadata } = await livePod(namespace);
  const scale = (replicas: number) =>
    kubectl("-n", namespace, "scale", "deployment/paperclip", `--replicas=${replicas}`);
  relay.pointAt(undefined);
  await scale(0);
  await kubectl("-n", namespace, "wait", "--for=delete", `pod/${metadata.name}`, "--timeout=150s");
  await scale(1);
  await delay(500); // the Deployment has to see it before it says again that it is rolled out
  await pointAtPaperclip(namespace, relay);
}

export async function killPaperclip(namespace: string): Promise<void> {
  const [running] = (await livePod(namespace)).status.containerStatuses ?? [];
  if (running === undefined) throw new Error("Paperclip does not run");
  process.kill(await firstProcess(running.containerID.replace("containerd://", "")), "SIGKILL");
  for (const untilMs = performance.now() + backMs; performance.now() < untilMs; await delay(500)) {
    const [container] = (await livePod(namespace)).status.containerStatuses ?? [];
    if (container?.ready && container.restartCount > running.restartCount) return;
  }
  const logs = await kubectl("-n", namespace, "logs", "deployment/paperclip", "--tail=40", "--previous").catch(String);
  throw new Error(`Paperclip does not come back:\n${logs}`);
}

/** With the waits between starts that fail. */
const backMs = 120_000;

async function livePod(namespace: string): Promise<PaperclipPod> {
  const { items } = await kubectlJson<{ items: PaperclipPod[] }>("-n", namespace, "get", "pods", ...selector);
  const live = items.find(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (live === undefined) throw new Error("Paperclip has no pod");
  return live;
}

/** The first process of a container, as the machine sees it. */
async function firstProcess(containerId: string): Promise<number> {
  for (const entry of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const [cgroup = "", status = ""] = await Promise.all(
      ["cgroup", "status"].map((file) => readFile(`/proc/${entry}/${file}`, "utf8").catch(() => "")),
    );
    if (cgroup.includes(containerId) && /^NSpid:.*\t1$/m.test(status)) return Number(entry);
  }
  throw new Error(`no process of container ${containerId} is found on this machine`);
}
