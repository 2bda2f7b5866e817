import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { kubectl } from "./kubectl.ts";

const examples = fileURLToPath(new URL("../../../examples/base", import.meta.url));

/** What differs between the examples and this suite's cluster. */
export interface Overlay {
  namespace: string;
  /** Class of the one volume made for the claim. */
  storageClass: string;
  image: string;
  /** Starts Paperclip where the image has none in it. */
  command: readonly string[];
  /** Beside the examples' variables, or in their place. */
  env: Readonly<Record<string, string>>;
}

/** The manifests of `examples/base`, as kustomize makes them for this suite's namespace. */
export async function renderExamples(overlay: Overlay): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "paperclip-overlay-"));
  try {
    await mkdir(folder, { recursive: true });
    const kustomization = {
      resources: [relative(folder, examples)],
      namespace: overlay.namespace,
      patches: [
        replace("Namespace", "/metadata/name", overlay.namespace),
        replace("PersistentVolumeClaim", "/spec/storageClassName", overlay.storageClass),
        { patch: JSON.stringify(deploymentPatch(overlay)) },
      ],
    };
    await writeFile(join(folder, "kustomization.yaml"), JSON.stringify(kustomization));
    return await kubectl("kustomize", folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function replace(kind: string, path: string, value: string): object {
  return { target: { kind }, patch: JSON.stringify([{ op: "replace", path, value }]) };
}

function deploymentPatch({ image, command, env }: Overlay): object {
  const container = {
    name: "paperclip",
    image,
    imagePullPolicy: "IfNotPresent",
    command,
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "paperclip", namespace: "paperclip" },
    spec: { template: { spec: { containers: [container] } } },
  };
}
