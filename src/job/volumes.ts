import type { Host, Volume, VolumeMount } from "../host/host.ts";
import { withoutTrailingSlashes } from "../lib/without-trailing-slashes.ts";
import type { JobRequest } from "./job-request.ts";
import { containerName, databaseClaimName, promptSecretName } from "./names.ts";
import { path } from "./paths.ts";
import type { SharedFolder } from "./shared-folders.ts";

/** Volumes with the places where the agent's container has them: always made as pairs. */
export interface Mounted {
  volumes: Volume[];
  mounts: VolumeMount[];
}

/** The largest prompt has 16 MiB. */
const promptVolumeSizeLimit = "32Mi";

export const promptVolume = "opencode-prompt";
export const promptPartsVolume = "opencode-prompt-parts";

export function buildVolumes(request: JobRequest, job: string): Mounted & { own: ReadonlySet<string> } {
  const own = [
    emptyDir("opencode-run", path.run, runVolumeSizeLimit(request)),
    ...sharedVolume(request),
    ...databaseVolume(request),
    ...promptVolumes(request, job),
  ];
  const names = new Set(own.flatMap(({ volumes }) => volumes.map(({ name }) => name)));
  const parts = [...own, ...inheritedVolumes(request, names)];
  return {
    volumes: parts.flatMap(({ volumes }) => volumes),
    mounts: parts.flatMap(({ mounts }) => mounts),
    own: names,
  };
}

/** Paperclip's Deployment may have given one of its volumes a name of ours. */
function inheritedVolumes({ host }: JobRequest, taken: ReadonlySet<string>): Mounted[] {
  const free = (name: string) => (taken.has(name) ? `inherited-${name}` : name);
  return (host?.mounts ?? []).map(({ volume, mounts }) => ({
    volumes: [{ ...ofAgentContainer(volume), name: free(volume.name) }],
    mounts: mounts.map((mount) => ({ ...mount, name: free(mount.name) })),
  }));
}

/** A projected volume may tell a container's resources: it must name one of this pod, else the kubelet never mounts it. */
function ofAgentContainer(volume: Volume): Volume {
  if (volume.projected === undefined) return volume;
  const sources = (volume.projected.sources ?? []).map((source) => {
    if (source.downwardAPI === undefined) return source;
    const items = (source.downwardAPI.items ?? []).map(({ resourceFieldRef, ...item }) =>
      resourceFieldRef === undefined ? item : { ...item, resourceFieldRef: { ...resourceFieldRef, containerName } },
    );
    return { ...source, downwardAPI: { ...source.downwardAPI, items } };
  });
  return { ...volume, projected: { ...volume.projected, sources } };
}

/** What the container may write to the node's disk altogether: an agent that fills it is evicted, not its neighbours. */
export function runVolumeSizeLimit({ settings }: Pick<JobRequest, "settings">): string | undefined {
  return settings.resources.limits["ephemeral-storage"];
}

function emptyDir(name: string, mountPath: string, sizeLimit?: string): Mounted {
  return { volumes: [{ name, emptyDir: { ...(sizeLimit ? { sizeLimit } : {}) } }], mounts: [{ name, mountPath }] };
}

export const sharedVolumeName = "paperclip-data";

function sharedVolume({ host, sharedFolders }: JobRequest): Mounted[] {
  if (!host?.sharedVolume || sharedFolders?.length === 0) return [];
  const name = sharedVolumeName;
  const { claimName, subPath, readOnly } = host.sharedVolume;
  const whole = { name, mountPath: path.shared, ...(subPath ? { subPath } : {}), ...(readOnly ? { readOnly } : {}) };
  const mounts = sharedFolders?.map((folder) => folderMount(folder, host.sharedVolume)) ?? [whole];
  return [{ volumes: [{ name, persistentVolumeClaim: { claimName } }], mounts }];
}

/** The mount of one folder of the shared volume. */
export function folderMount(folder: SharedFolder, volume: Host["sharedVolume"]): VolumeMount {
  const below = folder.path.slice(path.shared.length + 1);
  return {
    name: sharedVolumeName,
    mountPath: folder.path,
    subPath: volume?.subPath ? `${withoutTrailingSlashes(volume.subPath)}/${below}` : below,
    ...(folder.readOnly || volume?.readOnly ? { readOnly: true } : {}),
  };
}

function databaseVolume({ settings, agent }: JobRequest): Mounted[] {
  if (settings.agentDbMode !== "dedicated_pvc") return [];
  const name = "opencode-db";
  return [
    {
      volumes: [{ name, persistentVolumeClaim: { claimName: databaseClaimName(agent.id) } }],
      mounts: [{ name, mountPath: path.database }],
    },
  ];
}

/** A large prompt: its Secrets as one folder for the init container, an emptyDir for what it joins there. */
function promptVolumes({ prompt }: JobRequest, job: string): Mounted[] {
  if (prompt.kind === "env") return [];
  const sources = prompt.secrets.map((_, index) => ({ secret: { name: promptSecretName(job, index) } }));
  return [
    { volumes: [{ name: promptPartsVolume, projected: { sources } }], mounts: [] },
    emptyDir(promptVolume, path.prompt, promptVolumeSizeLimit),
  ];
}
