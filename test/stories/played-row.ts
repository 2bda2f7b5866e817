import { appendFileSync } from "node:fs";
import { expect } from "vitest";
import { isSameStory, type KeptRow, keptRows, type PlayedRow } from "./table.ts";

/** With it nothing is compared: the rows go to this file, one JSON object a line, for `scripts/endings.ts`. */
const record = process.env["ENDINGS_ROWS"];

/** The rows that were played in this run of the suite, for `all-rows-played.ts`. */
const played = process.env["ENDINGS_PLAYED"];

/** Holds what a story played to its row of `endings.json`, from which docs/endings.md is made. */
export function checkRow(row: PlayedRow): void {
  const own = { ...row, message: lasting(row.message), left: lasting(row.left) };
  const line = `${JSON.stringify(own)}\n`;
  if (played) appendFileSync(played, line);
  if (record) {
    appendFileSync(record, line);
    return;
  }
  const kept = keptRows().find((each) => isSameStory(each, own) && each.worlds.includes(own.world));
  const why = `test/stories/endings.json has another row for "${row.group}: ${row.fault}" (docs/testing.md, The page of endings)`;
  expect(shown(own, own), why).toEqual(kept && shown(kept, own));
}

/** The words of a real cluster differ with its version and its registries; ours in them are the same as embedded. */
function shown({ code, message, lost, repeated, left }: KeptRow | PlayedRow, { world }: PlayedRow) {
  return { code, lost, repeated, left, ...(world === "embedded" ? { message } : {}) };
}

/** Names of objects and places change from run to run. */
function lasting(text: string): string {
  return text
    .replaceAll(/agent-opencode-[a-z0-9-]+/g, "agent-opencode-…")
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, "http://127.0.0.1:…")
    .replaceAll(/e2e-(?:endings|stops)[a-z-]*/g, "paperclip");
}
