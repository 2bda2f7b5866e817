import type { Pod } from "../cluster/cluster.ts";
import type { VolumeMount } from "../host/host.ts";
import type { JobRequest } from "./job-request.ts";
import { folderMount, sharedVolumeName } from "./volumes.ts";

type PodSpec = NonNullable<Pod["spec"]>;

/**
 * What of a pod with podTemplate merged into it would bring more of the shared volume than `isolation: strict` gives;
 * each problem is a phrase.
 */
export function isolationProblems(
  spec: PodSpec | undefined,
  { host, sharedFolders }: Pick<JobRequest, "host" | "sharedFolders">,
): string[] {
  if (!sharedFolders || !spec) return [];
  const claim = host?.sharedVolume?.claimName;
  const brought = (spec.volumes ?? [])
    .filter(
      ({ name, persistentVolumeClaim }) => name !== sharedVolumeName && persistentVolumeClaim?.claimName === claim,
    )
    .map(({ name }) => `volume ${name} is Paperclip's own claim ${claim}`);
  const own = sharedFolders.map((folder) => folderMount(folder, host?.sharedVolume));
  const isOwn = (mount: VolumeMount) =>
    own.some(({ mountPath, subPath }) => mount.mountPath === mountPath && mount.subPath === subPath);
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const mounted = containers.flatMap(({ name: container, volumeMounts = [] }) =>
    volumeMounts
      .filter((mount) => mount.name === sharedVolumeName && !isOwn(mount))
      .map(({ mountPath }) => `container ${container} mounts the shared volume at ${mountPath}`),
  );
  return [...(claim === undefined ? [] : brought), ...mounted].map(
    (problem) => `${problem}, which isolation strict does not allow`,
  );
}
