import { expect, test } from "vitest";
import { recorded, recordedNames } from "../../test/fixtures/opencode/recorded.ts";
import { createLineSplitter } from "../lib/lines.ts";
import { parseStdoutLine } from "../ui-parser.ts";
import { parseEvent } from "./event.ts";
import { createTranscript } from "./transcript.ts";

function foldPieces(pieces: readonly Buffer[]) {
  const splitter = createLineSplitter();
  const transcript = createTranscript();
  for (const piece of pieces) for (const line of splitter.push(piece)) transcript.add(line.toString("utf8"));
  const rest = splitter.rest().toString("utf8");
  if (rest !== "") transcript.add(rest);
  return transcript.view();
}

const withLines = recordedNames.filter((name) => recorded(name).lines.length > 0);

test.each(withLines)("%s cut at any byte and put together again is the same run", (name) => {
  const bytes = Buffer.from(recorded(name).stdout);
  const whole = foldPieces([bytes]);
  for (let at = 0; at <= bytes.length; at += 1) {
    expect(foldPieces([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
  }
});

test("a run that arrives byte by byte is the same run", () => {
  const bytes = Buffer.from(recorded("many-lines").stdout);
  expect(foldPieces(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))).toEqual(foldPieces([bytes]));
});

test("any beginning of a line is read without throwing, and is no event unless it is whole", () => {
  for (const name of withLines) {
    const line = recorded(name).lines[0] ?? "";
    for (let at = 0; at < line.length; at += 1) {
      expect(parseEvent(line.slice(0, at))).toBeUndefined();
      expect(parseStdoutLine(line.slice(0, at), "t").every(({ kind }) => kind === "stdout")).toBe(true);
    }
  }
});
