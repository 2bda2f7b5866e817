import { strictIsolationStories } from "../stories/strict-isolation.ts";
import { embeddedWorld } from "../world/embedded-world.ts";

strictIsolationStories(() => embeddedWorld());
