import { type EmbeddedWorld, embeddedWorld } from "../world/embedded-world.ts";
import { clusterEndingStories } from "./endings/cluster-endings.ts";
import { endless, standInFolder, startRun } from "./endings/stage.ts";

clusterEndingStories(() => embeddedWorld({ path: [standInFolder] }), {
  async outOfMemory(world, adapter, agentId) {
    const run = startRun(world, adapter, { agentId, chatter: endless });
    await run.saw("seq=2 ");
    (world as EmbeddedWorld).cluster.faults.oomKill(await run.pod());
    return run;
  },
});
