import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Container, PodObject } from "../api-server/objects.ts";
import { ConfigError, type EnvSources, resolveEnv } from "./container-env.ts";
import { type ContainerLog, createContainerLog } from "./container-log.ts";
import { type ContainerProcess, runProgram, StartError, startProcess } from "./container-process.ts";
import { expand } from "./expand.ts";
import type { Image } from "./images.ts";
import type { KubeletContext } from "./kubelet-context.ts";
import { type MountFolder, rewritePath } from "./mount-paths.ts";
import { containerMark } from "./process-tree.ts";
import { linkNestedMounts, mountFolders } from "./volume-folders.ts";

const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface PodPlace {
  context: KubeletContext;
  pod: PodObject;
  /** The pod's own folder. */
  folder: string;
  /** Volume name to folder. */
  volumes: ReadonlyMap<string, string>;
}

export interface StartedContainer {
  id: string;
  log: ContainerLog;
  process: ContainerProcess;
  /** Runs another program in the container, as an exec probe does; its exit code. */
  exec(command: readonly string[]): Promise<number>;
}

/** Creates and starts one container. Throws `ConfigError`, or `StartError` after the container was created. */
export function startContainer(
  place: PodPlace,
  container: Container,
  parts: { image: Image; onCreated: () => void },
): StartedContainer {
  const { context, pod, folder } = place;
  refuseRoot(pod, container, parts.image);
  const mounts = mountFolders(container, place.volumes);
  linkNestedMounts(mounts);
  const sources = envSources(context, pod);
  const declared = { ...sources.services, ...resolveEnv(container, pod, sources) };
  const id = randomBytes(32).toString("hex");
  const env = containerEnv({ place, mounts, declared, image: parts.image, id });
  const rewritten = (word: string) =>
    rewritePath(
      expand(word, (name) => declared[name]),
      mounts,
    );
  const command = commandOf(container, parts.image).map(rewritten);
  parts.onCreated();
  if (command.length === 0) throw new StartError("no command specified");
  const log = createContainerLog(join(folder, "logs", container.name, "0.log"), context.clock, context.logLimits);
  try {
    const workingDir = workingDirOf(container, folder, mounts);
    const exec = (words: readonly string[]) => runProgram(words.map(rewritten), { env, workingDir });
    return { id, log, exec, process: startProcess({ id, command, env, workingDir, log, reaper: context.reaper }) };
  } catch (error) {
    log.end();
    throw error;
  }
}

function refuseRoot(pod: PodObject, container: Container, image: Image): void {
  const nonRoot = container.securityContext?.runAsNonRoot ?? pod.spec.securityContext?.runAsNonRoot;
  if (nonRoot !== true) return;
  const user = container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser;
  const who = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`;
  if (user === 0) throw new ConfigError(`container's runAsUser breaks non-root policy ${who}`);
  if (user === undefined && !image.uid)
    throw new ConfigError(`container has runAsNonRoot and image will run as root ${who}`);
}

export function envSources({ store, serviceEnv }: KubeletContext, pod: PodObject): EnvSources {
  const namespace = pod.metadata.namespace ?? "";
  return {
    secret: (name) => store.get("secrets", { namespace, name }),
    configMap: (name) => store.get("configmaps", { namespace, name }),
    services: serviceEnv(),
  };
}

interface EnvParts {
  place: PodPlace;
  mounts: readonly MountFolder[];
  declared: Record<string, string>;
  image: Image;
  id: string;
}

function containerEnv({ place, mounts, declared, image, id }: EnvParts): Record<string, string> {
  const env = {
    PATH: [...(image.path ?? []), systemPath].join(":"),
    HOSTNAME: place.pod.spec.hostname ?? place.pod.metadata.name,
    HOME: join(place.folder, "root"),
    ...image.env,
    ...declared,
    [containerMark]: id,
  };
  const rewritten = (name: string, value: string) =>
    name === "PATH"
      ? value
          .split(":")
          .map((folder) => rewritePath(folder, mounts))
          .join(":")
      : rewritePath(value, mounts);
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, rewritten(name, value)]));
}

/** A command of the container's own replaces the image's arguments too (API: Container.command). */
function commandOf({ command, args }: Container, image: Image): string[] {
  if (command && command.length > 0) return [...command, ...(args ?? [])];
  return [...(image.entrypoint ?? []), ...(args && args.length > 0 ? args : (image.cmd ?? []))];
}

/** Outside of any mount a folder that this machine does not have is made below the pod's own. */
function workingDirOf({ workingDir = "/" }: Container, folder: string, mounts: readonly MountFolder[]): string {
  const rewritten = rewritePath(workingDir, mounts);
  if (rewritten !== workingDir) return rewritten;
  return workingDir !== "/" && existsSync(workingDir) ? workingDir : join(folder, "rootfs", workingDir);
}
