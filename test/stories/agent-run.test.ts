import { agentRunStories, hostEnv } from "../e2e/agent-run.ts";
import { embeddedWorld } from "../world/embedded-world.ts";

agentRunStories(() => embeddedWorld({ env: hostEnv }));
