import { constants } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { path } from "../job/paths.ts";
import type { SharedFolder } from "../job/shared-folders.ts";
import { messageOf } from "../lib/message.ts";

export interface PreparedFolders {
  ready: SharedFolder[];
  /** Those that a pod cannot be given, and why. */
  refused: { path: string; why: string }[];
}

/**
 * Makes the folders that a run writes to before its pod mounts them: what is missing the kubelet would make, for root.
 * No link on the way is followed: agents write on this volume. A folder to read that is missing is left out.
 *
 * `sharedDir` is where this process has the shared volume.
 */
export async function prepareFolders(folders: readonly SharedFolder[], sharedDir: string): Promise<PreparedFolders> {
  const prepared: PreparedFolders = { ready: [], refused: [] };
  for (const folder of folders) {
    try {
      await walk(sharedDir, folder);
      prepared.ready.push(folder);
    } catch (error) {
      prepared.refused.push({ path: folder.path, why: messageOf(error) });
    }
  }
  return prepared;
}

const folderOnly = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

async function walk(sharedDir: string, { path: folder, readOnly }: SharedFolder): Promise<void> {
  let at = await open(sharedDir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    for (const name of folder.slice(path.shared.length + 1).split("/")) {
      const next = await enter(at, name, !readOnly);
      await at.close();
      at = next;
    }
  } finally {
    await at.close();
  }
}

/** By the open folder's descriptor, so that nobody can put another one in its place meanwhile (Linux: /proc/self/fd). */
async function enter(parent: FileHandle, name: string, make: boolean): Promise<FileHandle> {
  const place = `/proc/self/fd/${parent.fd}/${name}`;
  if (!make || !(await made(place))) return open(place, folderOnly);
  const folder = await open(place, folderOnly);
  const { uid, gid } = await parent.stat();
  // A server that runs as root makes it for whoever owns the folder above: agents do not run as root.
  if (process.getuid?.() === 0) await folder.chown(uid, gid);
  return folder;
}

/** Whether the folder was made now; false when something was there already. */
async function made(place: string): Promise<boolean> {
  try {
    await mkdir(place);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
