import { standInFolder } from "../stories/stage.ts";
import { stopStories } from "../stories/stops.ts";
import { embeddedWorld } from "../world/embedded-world.ts";

stopStories(() => embeddedWorld({ path: [standInFolder] }));
