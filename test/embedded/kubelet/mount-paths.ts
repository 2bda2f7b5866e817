/** Where a container's mount really lies on this machine. */
export interface MountFolder {
  mountPath: string;
  folder: string;
}

/**
 * A value that as a whole is a path at or below a mount becomes that folder's path; any other value stays as it is.
 * There is no chroot here, so this is how a process finds its volumes.
 */
export function rewritePath(value: string, mounts: readonly MountFolder[]): string {
  const best = mounts
    .filter(({ mountPath }) => value === mountPath || value.startsWith(`${trimmed(mountPath)}/`))
    .sort((left, right) => right.mountPath.length - left.mountPath.length)[0];
  if (!best || /[\n\0]/.test(value)) return value;
  return `${best.folder}${value.slice(trimmed(best.mountPath).length)}`;
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, "");
}
