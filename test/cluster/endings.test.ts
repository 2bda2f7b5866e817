import { clusterEndingStories } from "../stories/cluster-endings.ts";
import { startRun } from "../stories/stage.ts";
import { stopStories } from "../stories/stops.ts";
import { realWorld } from "../world/real-world.ts";

clusterEndingStories(() => realWorld({ namespace: "e2e-endings", volume: "db2" }), {
  missingImage: { fault: "the image's registry cannot be reached", code: "k8s_registry_unavailable" },
  async outOfMemory(world, adapter, agentId) {
    const resources = { requests: { cpu: "50m", memory: "32Mi" }, limits: { cpu: "1", memory: "64Mi" } };
    return startRun(world, adapter, {
      agentId,
      chatter: { lines: 5, rate: 1, size: 200_000_000 },
      config: { resources },
    });
  },
});
stopStories(() => realWorld({ namespace: "e2e-stops", volume: "db3" }));
