import { readFileSync, writeFileSync } from "node:fs";
import { isSameStory, keptRows, type PlayedRow } from "../test/stories/table.ts";

// Writes test/stories/endings.json anew from what stories played: ENDINGS_ROWS=FILE vitest run --project stories, then
// `node scripts/endings.ts FILE`. With --all the file is of a whole run: a row that it does not have goes.
const place = new URL("../test/stories/endings.json", import.meta.url);
const files = process.argv.slice(2).filter((argument) => argument !== "--all");
const played = files.flatMap((file) =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as PlayedRow),
);
if (played.length === 0) throw new Error("no rows: run the stories with ENDINGS_ROWS=FILE and name FILE here");

const kept = keptRows();
const worldsPlayed = new Set(played.map(({ world }) => world));
if (process.argv.includes("--all")) {
  for (const row of kept) {
    const isPlayed = (world: PlayedRow["world"]) => played.some((own) => own.world === world && isSameStory(own, row));
    row.worlds = row.worlds.filter((world) => !worldsPlayed.has(world) || isPlayed(world));
  }
}
for (const { world, ...row } of played) {
  const known = kept.find((each) => isSameStory(each, row));
  if (!known) {
    const after = kept.findLastIndex(({ group }) => group === row.group);
    kept.splice(after === -1 ? kept.length : after + 1, 0, { ...row, worlds: [world] });
  } else {
    known.worlds = [...new Set([...known.worlds, world])].toSorted();
    // The page shows the words of the embedded cluster where both have played it.
    if (world === "embedded" || known.worlds.length === 1) Object.assign(known, row);
  }
}
const rows = kept.filter(({ worlds }) => worlds.length > 0);
// As the formatter has it.
const text = JSON.stringify(rows, null, 2).replace(
  /\[\s+("embedded"|"real")(?:,\s+("real"))?\s+\]/g,
  (_, ...worlds) => `[${worlds.slice(0, 2).filter(Boolean).join(", ")}]`,
);
writeFileSync(place, `${text}\n`);
console.log(`wrote ${rows.length} rows; run \`npm run docs\` for docs/endings.md`);
