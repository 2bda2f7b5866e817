import { strictIsolationStories } from "../stories/strict-isolation.ts";
import { realWorld } from "../world/real-world.ts";

strictIsolationStories(() => realWorld({ namespace: "e2e-strict", volume: "db4" }));
