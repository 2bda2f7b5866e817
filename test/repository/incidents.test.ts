import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { incidents } from "../stories/incidents.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

test.each(incidents)("$what: there is a test that would have caught it", ({ test: name, file }) => {
  expect(readFileSync(`${root}${file}`, "utf8")).toContain(name);
});
