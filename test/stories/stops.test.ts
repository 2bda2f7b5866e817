import { embeddedWorld } from "../world/embedded-world.ts";
import { standInFolder } from "./endings/stage.ts";
import { stopStories } from "./endings/stops.ts";

stopStories(() => embeddedWorld({ path: [standInFolder] }));
