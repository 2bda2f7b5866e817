import { agentRunStories, hostEnv } from "../stories/agent-run.ts";
import { embeddedWorld } from "../world/embedded-world.ts";

agentRunStories(() => embeddedWorld({ env: hostEnv }));
