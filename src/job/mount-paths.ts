import { isObject, type JsonObject } from "../lib/json-object.ts";
import { withoutTrailingSlashes } from "../lib/without-trailing-slashes.ts";
import type { JobRequest } from "./job-request.ts";
import { containerName } from "./names.ts";
import { path } from "./paths.ts";

type Mounting = Pick<JobRequest, "settings" | "host" | "sharedFolders">;

/** Whether a folder of Paperclip's is there in the agent's container too: on a volume that both can have. */
export function isMounted(folder: string, mounting: Mounting): boolean {
  return [...inheritedPaths(mounting), ...templatePaths(mounting)].some((mountPath) => isWithin(folder, mountPath));
}

function inheritedPaths({ host, sharedFolders }: Mounting): string[] {
  const shared = host?.sharedVolume ? (sharedFolders?.map((folder) => folder.path) ?? [path.shared]) : [];
  return [...shared, ...(host?.mounts ?? []).flatMap(({ mounts }) => mounts.map(({ mountPath }) => mountPath))];
}

/** What podTemplate mounts into the agent's container. */
function templatePaths({ settings }: Mounting): string[] {
  const agent = (settings.podTemplate?.spec?.containers ?? []).find(({ name }) => name === containerName);
  const mounts: unknown[] = Array.isArray(agent?.["volumeMounts"]) ? agent["volumeMounts"] : [];
  return mounts.filter(isAdded).map(({ mountPath }) => String(mountPath));
}

function isAdded(mount: unknown): mount is JsonObject {
  return isObject(mount) && typeof mount["mountPath"] === "string" && !("$patch" in mount);
}

function isWithin(folder: string, mountPath: string): boolean {
  const root = withoutTrailingSlashes(mountPath);
  return folder === root || folder.startsWith(`${root}/`);
}
