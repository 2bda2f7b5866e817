import { styleText } from "node:util";
import type { Cluster, Resource, Resources, WatchEvent } from "../../src/cluster/cluster.ts";

/** Prints what is created, changed and removed in the namespace while runs go on. */
export async function announceObjects({
  admin,
  namespace,
}: {
  admin: Cluster;
  namespace: string;
}): Promise<{ stop(): Promise<void> }> {
  const life = new AbortController();
  const watching = (["jobs", "pods", "secrets"] as const).map((resource) =>
    announce(resource, { admin, namespace }, life.signal),
  );
  return {
    async stop() {
      life.abort(new Error("the demo is over"));
      await Promise.all(watching);
    },
  };
}

async function announce<R extends "jobs" | "pods" | "secrets">(
  resource: R,
  { admin, namespace }: { admin: Cluster; namespace: string },
  signal: AbortSignal,
): Promise<void> {
  const labelSelector = "app.kubernetes.io/component=agent-job";
  const last = new Map<string, string>();
  try {
    const { resourceVersion } = await admin.list(resource, namespace, { labelSelector, signal });
    for await (const event of admin.watch(resource, namespace, { labelSelector, resourceVersion, signal })) {
      if (event.type === "BOOKMARK") continue;
      const name = event.object.metadata?.name ?? "";
      const text = describe(resource, event);
      if (last.get(name) !== text) console.log(styleText("cyan", `  ${resource.slice(0, -1)} ${name}: ${text}`));
      last.set(name, text);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function describe<R extends Resource>(
  resource: R,
  event: Exclude<WatchEvent<Resources[R]>, { type: "BOOKMARK" }>,
): string {
  if (event.type === "DELETED") return "removed";
  if (resource === "pods") {
    const { metadata, status } = event.object as Resources["pods"];
    return metadata?.deletionTimestamp ? "being removed" : (status?.phase ?? "Pending");
  }
  if (resource === "jobs") {
    const { spec, status } = event.object as Resources["jobs"];
    const condition = status?.conditions?.find(
      ({ type, status: value }) => value === "True" && (type === "Complete" || type === "Failed"),
    );
    return condition?.type ?? (spec?.suspend ? "held back until its Secret is there" : "running");
  }
  return "created, owned by the Job";
}
