import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Locked {
  version?: string;
  integrity?: string;
  link?: boolean;
  optional?: boolean;
  os?: string[];
}

const file = join(import.meta.dirname, "../../package-lock.json");
const { packages } = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, Locked> };

/** Programs for other platforms, which are never installed here and which not every registry has. */
const isOtherPlatform = (place: string, { optional, os }: Locked) =>
  optional === true && os !== undefined && /\/opencode-/.test(place);

test("every package that can be installed is locked with its hash", () => {
  const unhashed = Object.entries(packages).filter(
    ([place, locked]) => place !== "" && !locked.link && !locked.integrity && !isOtherPlatform(place, locked),
  );
  expect(unhashed.map(([place]) => place)).toEqual([]);
});
