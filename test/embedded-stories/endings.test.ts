import { clusterEndingStories } from "../stories/cluster-endings.ts";
import { endless, standInFolder, startRun } from "../stories/stage.ts";
import { type EmbeddedWorld, embeddedWorld } from "../world/embedded-world.ts";

clusterEndingStories(() => embeddedWorld({ path: [standInFolder] }), {
  missingImage: { fault: "the image is not there", code: "k8s_image_pull_failed" },
  async outOfMemory(world, adapter, agentId) {
    const run = startRun(world, adapter, { agentId, chatter: endless });
    await run.saw("seq=2 ");
    (world as EmbeddedWorld).cluster.faults.oomKill(await run.pod());
    return run;
  },
});
