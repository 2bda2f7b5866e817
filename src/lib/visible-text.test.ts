import { expect, test } from "vitest";
import { seeded, textOf } from "../../test/support/random.ts";
import { visibleLine, visibleText } from "./visible-text.ts";

test.each([
  ["colours", "\u001b[93m\u001b[1m! \u001b[0mrefused", "! refused"],
  ["cursor moves", "a\u001b[2J\u001b[1;1Hb\u001b[?25l", "ab"],
  ["a title", "\u001b]0;owned\u0007text", "text"],
  ["a link", "\u001b]8;;http://x\u001b\\here\u001b]8;;\u001b\\", "here"],
  ["a clipboard in 8 bits", "\u009d52;c;AAAA\u009ctext", "text"],
  ["a device string", "\u001bP1$q\u001b\\text", "text"],
  ["a title without an end", "\u001b]0;owned", "0;owned"],
  ["8-bit colours", "\u009b31mred", "red"],
  ["a carriage return, a bell, a backspace", "safe\rEVIL\u0007\b", "safeEVIL"],
  ["bidi marks", "a\u202eb\u2066c\u2069d\u200fe\u061cf", "abcdef"],
  ["line ends", "a\r\nb\tc", "a\nb\tc"],
  ["everything else", "ä 漢 \ud83d\ude00 é", "ä 漢 \ud83d\ude00 é"],
])("of %s only what is to be read stays", (_, text, visible) => expect(visibleText(text)).toBe(visible));

test("a line has single blanks", () => expect(visibleLine("  a\n\u001b[1m b\t c ")).toBe("a b c"));

test("whatever the text, no control is left and what is visible stays visible", () => {
  const random = seeded(7);
  const pieces = [
    "\u001b",
    "[",
    "]",
    "0",
    ";",
    "m",
    "\u0007",
    "\\",
    "\u009c",
    "\u009d",
    "\u009b",
    "x",
    " ",
    "\u202e",
    "P",
  ];
  for (let round = 0; round < 20_000; round += 1) {
    const visible = visibleText(textOf(pieces, 12, random));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must be gone
    expect(visible).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
  }
});
