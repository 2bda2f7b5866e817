import { clusterEndingStories } from "../stories/cluster-endings.ts";
import { endless, standInFolder, startRun } from "../stories/stage.ts";
import { type EmbeddedWorld, embeddedWorld } from "../world/embedded-world.ts";

clusterEndingStories(() => embeddedWorld({ path: [standInFolder] }), {
  async outOfMemory(world, adapter, agentId) {
    const run = startRun(world, adapter, { agentId, chatter: endless });
    await run.saw("seq=2 ");
    (world as EmbeddedWorld).cluster.faults.oomKill(await run.pod());
    return run;
  },
});
