import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { isSameStory, keptRows, type PlayedRow } from "./table.ts";

/** A row that no story plays any more fails the suite, when the whole of it was asked for. */
export default function setup(project: TestProject): () => Promise<void> {
  const { vitest } = project;
  const folder = mkdtempSync(join(tmpdir(), "endings-"));
  const file = join(folder, "played.jsonl");
  writeFileSync(file, "");
  process.env["ENDINGS_PLAYED"] = file;
  return async () => {
    const rows = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as PlayedRow);
    rmSync(folder, { recursive: true });
    const { testFiles } = await project.globTestFiles();
    const ran = new Set(vitest.state.getFiles().map(({ filepath }) => filepath));
    const isWhole = vitest.config.testNamePattern === undefined && testFiles.every((each) => ran.has(each));
    if (!isWhole || vitest.state.getCountOfFailedTests() > 0) return;
    const unplayed = keptRows().filter(
      (kept) => kept.worlds.includes("embedded") && !rows.some((row) => isSameStory(row, kept)),
    );
    if (unplayed.length === 0) return;
    const names = unplayed.map(({ group, fault }) => `"${group}: ${fault}"`).join(", ");
    vitest.logger.error(`No story plays these rows of test/stories/endings.json: ${names}`);
    // What a teardown throws, Vitest (4.1) writes down and forgets.
    process.exitCode = 1;
  };
}
