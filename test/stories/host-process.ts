import { createServerAdapter } from "../../src/index.ts";
import type { World } from "../world/world.ts";
import { wake } from "../world/world.ts";
import { shortLimits } from "./short-limits.ts";

/**
 * Stands for Paperclip's server in a process of its own, which a story may kill at any step. Told by HOST_PROCESS:
 * where the cluster is and which run to play. Prints the run's log as it comes and the result at the end.
 */
export interface HostPlan {
  kubeconfig: string;
  serviceAccountDir: string;
  env: Record<string, string>;
  wakes: { runId: string; agentId: string; config: Record<string, unknown>; context?: Record<string, unknown> }[];
}

const plan = JSON.parse(process.env["HOST_PROCESS"] ?? "{}") as HostPlan;
const adapter = createServerAdapter({
  env: plan.env,
  serviceAccountDir: plan.serviceAccountDir,
  limits: shortLimits("embedded"),
});
const world = { kubeconfig: async () => plan.kubeconfig } as unknown as World;
await Promise.all(
  plan.wakes.map(async (given) => {
    const { result } = await wake(world, adapter, {
      ...given,
      onLog: async (_, chunk) => {
        process.stdout.write(chunk);
      },
    });
    process.stdout.write(`RESULT ${JSON.stringify({ runId: given.runId, ...result })}\n`);
  }),
);
await adapter.close();
