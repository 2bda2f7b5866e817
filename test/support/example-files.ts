import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";

export const examplesFolder = join(import.meta.dirname, "../../examples");

/** Every YAML file of `examples/`, by its path in there. */
export const exampleFiles = readdirSync(examplesFolder, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".yaml"),
);

/** The documents of one of them. */
export function readExample<T>(file: string): T[] {
  return loadAll(readFileSync(join(examplesFolder, file), "utf8")) as T[];
}
