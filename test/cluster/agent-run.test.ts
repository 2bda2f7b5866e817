import { agentRunStories, hostEnv } from "../stories/agent-run.ts";
import { realWorld } from "../world/real-world.ts";

agentRunStories(() => realWorld({ namespace: "e2e-agent-run", volume: "db1", env: hostEnv }));
