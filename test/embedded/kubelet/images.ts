/** An image is what its containers find: environment, programs, a first command. */
export interface Image {
  env?: Record<string, string>;
  /** Folders that stand first on PATH. */
  path?: string[];
  entrypoint?: string[];
  cmd?: string[];
  /** The user the image names; 0 or nothing is root, which `runAsNonRoot` refuses. */
  uid?: number;
  /** How long a pull takes; without it the image is present on the node. */
  pullMs?: number;
  /** The registry refuses with these words. */
  pullError?: string;
  /** Its containers wait for ever with this reason and these words of the kubelet's. */
  waiting?: { reason: string; message: string };
}

export type Images = Record<string, Image>;

/** "busybox" and "docker.io/library/busybox:latest" are the same image. */
export function canonicalImage(name: string): string {
  const [first = "", ...rest] = name.split("/");
  const hasRegistry = rest.length > 0 && (first.includes(".") || first.includes(":") || first === "localhost");
  const path = hasRegistry ? rest.join("/") : name;
  const registry = hasRegistry ? first : "docker.io";
  const full = registry === "docker.io" && !path.includes("/") ? `${registry}/library/${path}` : `${registry}/${path}`;
  return /[:@][^/]*$/.test(path) ? full : `${full}:latest`;
}

export function findImage(images: Images, name: string): Image | undefined {
  const wanted = canonicalImage(name);
  const found = Object.entries(images).find(([key]) => canonicalImage(key) === wanted);
  return found?.[1];
}

/** Kubelet's words for a name that no registry could have; undefined for a good one (seen with 1.34). */
export function imageNameFault(name: string): string | undefined {
  const prefix = `Failed to apply default image tag "${name}": couldn't parse image name "${name}": invalid reference format`;
  const repository = name.replace(/(:[\w][\w.-]{0,127})?(@[a-z0-9]+:[a-f0-9]+)?$/, "");
  if (/^([\w.-]+(:\d+)?\/)?[a-z0-9]+([._/-]+[a-z0-9]+)*$/.test(repository)) return undefined;
  if (/[A-Z]/.test(repository))
    return `${prefix}: repository name (${repository.includes("/") ? "" : "library/"}${repository}) must be lowercase`;
  return prefix;
}

export function pullFailure(name: string, image: Image | undefined): string {
  if (image?.pullError !== undefined) return image.pullError;
  const full = canonicalImage(name);
  const [registry, ...path] = full.split("/");
  // Nothing listens there (seen with containerd 2).
  if (registry === "127.0.0.1:1") {
    const url = `http://${registry}/v2/${path.join("/").replace(":", "/manifests/")}`;
    const failed = `failed to do request: Head "${url}": dial tcp ${registry}: connect: connection refused`;
    return `failed to pull and unpack image "${full}": failed to resolve reference "${full}": ${failed}`;
  }
  return `failed to pull and unpack image "${full}": failed to resolve reference "${full}": ${registry}: not found`;
}
