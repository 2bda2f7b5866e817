import { posix } from "node:path";
import { withoutTrailingSlashes } from "../lib/without-trailing-slashes.ts";
import { path } from "./paths.ts";

/** A folder of the shared volume that a pod gets by itself, at the path that it has in Paperclip's own pod. */
export interface SharedFolder {
  path: string;
  readOnly: boolean;
}

/**
 * What of the shared volume an isolated pod gets, parents first and none twice. A folder that cannot be given away by
 * itself is left out: one outside the volume, the volume's root, and one that holds folders of `kept`, the server's own.
 */
export function settleSharedFolders(wanted: readonly SharedFolder[], kept: readonly string[]): SharedFolder[] {
  const folders = new Map<string, SharedFolder>();
  for (const folder of wanted) {
    const plain = plainPath(folder.path);
    if (plain === undefined || kept.some((own) => touches(plain, own))) continue;
    const readOnly = folder.readOnly && folders.get(plain)?.readOnly !== false;
    folders.set(plain, { path: plain, readOnly });
  }
  const sorted = [...folders.values()].sort((left, right) => left.path.length - right.path.length);
  return sorted.filter((folder) => !sorted.some((outer) => covers(outer, folder)));
}

/** Whether a folder is there already with another that is at least as writable. */
function covers(outer: SharedFolder, inner: SharedFolder): boolean {
  if (outer === inner || !isWithin(inner.path, outer.path)) return false;
  return outer.readOnly === inner.readOnly;
}

/** Undefined: not below the shared volume's root, or not written plainly (`..`, a double slash). */
function plainPath(folder: string): string | undefined {
  const plain = withoutTrailingSlashes(folder);
  return posix.normalize(plain) === plain && plain.startsWith(`${path.shared}/`) ? plain : undefined;
}

function touches(folder: string, own: string): boolean {
  return isWithin(own, folder) || isWithin(folder, own);
}

/** Whether a path is a folder or lies below it. */
export function isWithin(inner: string, folder: string): boolean {
  return inner === folder || inner.startsWith(`${folder}/`);
}
