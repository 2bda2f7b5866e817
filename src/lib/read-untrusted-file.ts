import type { Stats } from "node:fs";
import { constants, type FileHandle, lstat, open, readlink, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { bounded } from "./bounded.ts";
import { isWithin } from "./is-within.ts";
import { untilAborted } from "./until-aborted.ts";

/** A folder that files may be read from. */
export interface ReadableFolder {
  /** Absolute. */
  path: string;
  /**
   * The part of `path` that nobody who is not trusted can rename or replace, such as the mount point of a volume that
   * agents write to. Links count only up to there. Default: all of `path`.
   */
  anchor?: string;
}

export interface ReadRules {
  /** The opened file's real path must be in one of these. */
  within: readonly ReadableFolder[];
  /** Folders and files that are left out all the same. */
  without?: readonly string[];
  /** Whether links that lead to the file are followed, as in a mounted Secret or ConfigMap. Default: no. */
  followLinks?: boolean;
  /** Whether the folders may be read where Kubernetes mounts service accounts. Default: no. */
  secretFolders?: boolean;
  /** Default 1 MiB. */
  maxBytes?: number;
  /** Default 5 s: a network volume may never answer. */
  timeoutMs?: number;
}

/** A file that is not read. The message is part of a sentence and holds no text of the file. */
export class UnsafeFile extends Error {
  override readonly name = "UnsafeFile";
}

/** What the kernel makes up on the spot, the process's own environment among it. */
const kernelFolders = ["/proc", "/sys", "/dev"];
const secretFolders = ["/run/secrets", "/var/run/secrets"];

const defaultMaxBytes = 1024 * 1024;
const defaultTimeoutMs = 5_000;

/** Opening a named pipe must not wait for a writer, and nothing that is opened becomes the process's terminal. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Reads a file whose path, place or content somebody else may have chosen. What is opened is looked at through its
 * descriptor, so that a folder or link that is swapped meanwhile changes nothing. Throws `UnsafeFile` for what the rules
 * refuse, the system's own error (`ENOENT`, `EACCES`) for what cannot be opened.
 */
export async function readUntrustedFile(file: string, rules: ReadRules): Promise<string> {
  const bound = bounded(new AbortController().signal, rules.timeoutMs ?? defaultTimeoutMs);
  try {
    return await untilAborted(read(path.resolve(file), rules), bound.signal);
  } catch (error) {
    if (!bound.timeUp()) throw error;
    throw new UnsafeFile(`reading it took more than ${(rules.timeoutMs ?? defaultTimeoutMs) / 1000} s`);
  } finally {
    bound.done();
  }
}

async function read(file: string, rules: ReadRules): Promise<string> {
  const limits = await resolveRules(rules);
  refuseForbidden(file, limits);
  const target = rules.followLinks ? await realpath(file) : file;
  // A device may act on being opened, so it is looked at first.
  refuseForbidden(target, limits);
  refuseKind(await lstat(target));
  const handle = await open(target, openFlags);
  try {
    const facts = await handle.stat();
    refuseKind(facts);
    const real = await realPathOf(handle, target);
    refuseForbidden(real, limits);
    if (!limits.within.some((folder) => isWithin(real, folder))) {
      throw new UnsafeFile("it is outside the folders that may be read, or a link on the way leads out of them");
    }
    if (!rules.followLinks && facts.nlink > 1) throw new UnsafeFile("it has a second name (a hard link)");
    return await readBounded(handle, facts.size, rules.maxBytes ?? defaultMaxBytes);
  } finally {
    await handle.close();
  }
}

interface Limits {
  within: string[];
  without: string[];
}

async function resolveRules({ within, without = [], secretFolders: secrets }: ReadRules): Promise<Limits> {
  const forbidden = [...kernelFolders, ...(secrets ? [] : secretFolders), ...without];
  const [folders, left] = await Promise.all([
    Promise.all(within.map(realFolder)),
    Promise.all(forbidden.map((folder) => realpath(folder).catch(() => folder))), // a folder that is not there forbids by its name
  ]);
  return { within: folders.filter((folder) => folder !== undefined), without: [...forbidden, ...left] };
}

/** Undefined: there is no such folder. */
async function realFolder({ path: folder, anchor = folder }: ReadableFolder): Promise<string | undefined> {
  const real = await realpath(anchor).catch(() => undefined); // none is no folder to read from
  return real === undefined ? undefined : path.join(real, path.relative(anchor, folder));
}

function refuseForbidden(file: string, { without }: Limits): void {
  const folder = without.find((one) => isWithin(file, one));
  if (folder !== undefined) throw new UnsafeFile(`files of ${folder} are not read`);
}

function refuseKind(facts: Stats): void {
  if (facts.isFile()) return;
  throw new UnsafeFile(`it is ${kindOf(facts)}, not a regular file`);
}

function kindOf(facts: Stats): string {
  if (facts.isSymbolicLink()) return "a link";
  if (facts.isDirectory()) return "a folder";
  if (facts.isFIFO()) return "a named pipe";
  return facts.isSocket() ? "a socket" : "a device";
}

/** Where the opened file is, by the kernel's word; elsewhere than on Linux, where its path leads, if that is still it. */
async function realPathOf(handle: FileHandle, target: string): Promise<string> {
  if (process.platform === "linux") {
    const real = await readlink(`/proc/self/fd/${handle.fd}`);
    if (real.endsWith(" (deleted)")) throw new UnsafeFile("it was deleted while it was opened");
    return real;
  }
  const real = await realpath(target);
  const [opened, there] = await Promise.all([handle.stat(), stat(real)]);
  if (opened.ino !== there.ino || opened.dev !== there.dev) throw new UnsafeFile("it was replaced while it was opened");
  return real;
}

/** At most one byte more than allowed is read, whatever size the file says it has: it may grow. */
async function readBounded(handle: FileHandle, size: number, maxBytes: number): Promise<string> {
  const buffer = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(size, 4_096)) + 1);
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, maxBytes + 1 - total), null);
    if (bytesRead === 0) return Buffer.concat(chunks).toString("utf8");
    total += bytesRead;
    if (total > maxBytes) throw new UnsafeFile(`it has more than ${maxBytes} bytes`);
    chunks.push(Buffer.from(buffer.subarray(0, bytesRead)));
  }
}
