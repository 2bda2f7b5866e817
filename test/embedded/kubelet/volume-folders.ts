import { chmodSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ConfigMapObject, Container, PodObject, SecretObject, Volume } from "../api-server/objects.ts";
import { fieldValue } from "./container-env.ts";
import type { MountFolder } from "./mount-paths.ts";

/** What keeps a volume from being mounted, in kubelet's words. */
export class MountError extends Error {
  override readonly name = "MountError";
  readonly volume: string;

  constructor(volume: string, message: string) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${message}`);
    this.volume = volume;
  }
}

export interface VolumeSources {
  secret(name: string): SecretObject | undefined;
  configMap(name: string): ConfigMapObject | undefined;
  claimFolder(name: string): string;
  /** Content of a projected service account token volume's files. */
  token(): string;
  caBundle(): string;
}

/** Makes one volume of a pod ready and returns its folder. Throws `MountError`. */
export function prepareVolume(volume: Volume, pod: PodObject, parts: { root: string; sources: VolumeSources }): string {
  const { sources } = parts;
  const folder = join(parts.root, volume.name);
  if (volume.persistentVolumeClaim) return sources.claimFolder(volume.persistentVolumeClaim.claimName);
  if (volume.hostPath) return hostFolder(volume);
  const files = filesOf(volume, pod, sources);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (volume.emptyDir) chmodSync(folder, 0o777);
  for (const file of files) {
    const path = join(folder, file.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.content, { mode: file.mode });
    chmodSync(path, file.mode);
  }
  return folder;
}

interface VolumeFile {
  path: string;
  content: Buffer | string;
  mode: number;
}

function filesOf(volume: Volume, pod: PodObject, sources: VolumeSources): VolumeFile[] {
  const fail = (message: string) => new MountError(volume.name, message);
  if (volume.secret) {
    const { secretName = "", items, optional, defaultMode } = volume.secret;
    return keyedFiles({ kind: "secret", name: secretName, items, optional, defaultMode }, sources, fail);
  }
  if (volume.configMap) {
    const { name = "", items, optional, defaultMode } = volume.configMap;
    return keyedFiles({ kind: "configMap", name, items, optional, defaultMode }, sources, fail);
  }
  if (volume.projected) return projectedFiles(volume, { pod, sources, fail });
  if (volume.downwardAPI) {
    return (volume.downwardAPI.items ?? []).map(({ path, fieldRef }) => ({
      path,
      content: fieldValue(fieldRef?.fieldPath ?? "", pod),
      mode: volume.downwardAPI?.defaultMode ?? 0o644,
    }));
  }
  return [];
}

interface KeyedSource {
  kind: "secret" | "configMap";
  name: string;
  items: { key: string; path: string; mode?: number }[] | undefined;
  optional: boolean | undefined;
  defaultMode: number | undefined;
}

function keyedFiles(source: KeyedSource, sources: VolumeSources, fail: (message: string) => Error): VolumeFile[] {
  const { kind, name, items, optional, defaultMode = 0o644 } = source;
  const word = kind === "secret" ? "secret" : "configmap";
  const content = kind === "secret" ? secretContent(sources.secret(name)) : configMapContent(sources.configMap(name));
  if (!content) {
    if (optional) return [];
    throw fail(`${word} "${name}" not found`);
  }
  const wanted: { key: string; path: string; mode?: number }[] =
    items ?? Object.keys(content).map((key) => ({ key, path: key }));
  return wanted.flatMap(({ key, path, mode }) => {
    const value = content[key];
    if (value !== undefined) return [{ path, content: value, mode: mode ?? defaultMode }];
    if (optional) return [];
    throw fail(`references non-existent ${kind === "secret" ? "secret" : "config"} key: ${key}`);
  });
}

function secretContent(secret: SecretObject | undefined): Record<string, Buffer> | undefined {
  if (!secret) return undefined;
  const entries = Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64")]);
  return Object.fromEntries(entries) as Record<string, Buffer>;
}

function configMapContent(map: ConfigMapObject | undefined): Record<string, Buffer> | undefined {
  if (!map) return undefined;
  const text = Object.entries(map.data ?? {}).map(([key, value]) => [key, Buffer.from(value)]);
  const binary = Object.entries(map.binaryData ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64")]);
  return Object.fromEntries([...text, ...binary]) as Record<string, Buffer>;
}

interface ProjectedParts {
  pod: PodObject;
  sources: VolumeSources;
  fail: (message: string) => Error;
}

function projectedFiles({ projected }: Volume, { pod, sources, fail }: ProjectedParts): VolumeFile[] {
  const mode = projected?.defaultMode ?? 0o644;
  return (projected?.sources ?? []).flatMap((source): VolumeFile[] => {
    if (source.secret) {
      const { name = "", items, optional } = source.secret;
      return keyedFiles({ kind: "secret", name, items, optional, defaultMode: mode }, sources, fail);
    }
    if (source.configMap?.name === "kube-root-ca.crt") return [{ path: "ca.crt", content: sources.caBundle(), mode }];
    if (source.configMap) {
      const { name = "", items, optional } = source.configMap;
      return keyedFiles({ kind: "configMap", name, items, optional, defaultMode: mode }, sources, fail);
    }
    if (source.serviceAccountToken) return [{ path: source.serviceAccountToken.path, content: sources.token(), mode }];
    return (source.downwardAPI?.items ?? []).map(({ path, fieldRef }) => ({
      path,
      content: fieldValue(fieldRef?.fieldPath ?? "", pod),
      mode,
    }));
  });
}

/** A host path is the machine's own folder: the node is this machine. */
function hostFolder({ name, hostPath }: Volume): string {
  const { path = "", type = "" } = hostPath ?? {};
  if (type === "DirectoryOrCreate") mkdirSync(path, { recursive: true });
  if (type === "Directory" && !(existsSync(path) && statSync(path).isDirectory())) {
    throw new MountError(name, `hostPath type check failed: ${path} is not a directory`);
  }
  return path;
}

/** The folders behind a container's mounts; a missing subPath is made, as kubelet does. */
export function mountFolders(container: Container, volumes: ReadonlyMap<string, string>): MountFolder[] {
  return (container.volumeMounts ?? []).map(({ name, mountPath, subPath }) => {
    const folder = join(volumes.get(name) ?? "/nonexistent", subPath ?? "");
    if (subPath && !existsSync(folder)) mkdirSync(folder, { recursive: true });
    return { mountPath, folder };
  });
}

/** Makes what is mounted inside another mount visible there, for programs that walk down from the outer one. */
export function linkNestedMounts(mounts: readonly MountFolder[]): void {
  for (const inner of mounts) {
    const outer = mounts.find(
      ({ mountPath }) => mountPath !== inner.mountPath && inner.mountPath.startsWith(`${mountPath}/`),
    );
    if (!outer) continue;
    const link = join(outer.folder, inner.mountPath.slice(outer.mountPath.length + 1));
    if (existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(inner.folder, link);
  }
}
