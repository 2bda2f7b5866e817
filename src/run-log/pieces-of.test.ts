import { describe, expect, test } from "vitest";
import { seeded } from "../../test/support/random.ts";
import { piecesOf } from "./pieces-of.ts";

describe("a text in pieces", () => {
  test("that fits is one piece, and an empty one none", () => {
    expect(piecesOf("a\nb\n", 10)).toEqual(["a\nb\n"]);
    expect(piecesOf("", 10)).toEqual([]);
  });

  test("is cut at line ends", () => {
    expect(piecesOf("aaa\nbbb\nccc\n", 8)).toEqual(["aaa\nbbb\n", "ccc\n"]);
  });

  test("is cut between words where a line is longer, so that no secret stands in two calls", () => {
    expect(piecesOf('{"key":"sk-12345678","b":1}\n', 12)).toEqual(['{"key":"', 'sk-12345678"', ',"b":1}\n']);
  });

  test("is not cut within a character of two units", () => {
    const pieces = piecesOf("😀".repeat(50), 7);
    expect(pieces.join("")).toBe("😀".repeat(50));
    for (const piece of pieces) expect(piece.isWellFormed()).toBe(true);
  });

  test("loses nothing and adds nothing, whatever it holds", () => {
    const random = seeded(7);
    const below = (count: number) => Math.floor(random() * count);
    const parts = ["a", "\n", "😀", " ", "\ud83d", "ä", '"', "x".repeat(30)];
    for (let round = 0; round < 500; round++) {
      const text = Array.from({ length: below(60) }, () => parts[below(parts.length)]).join("");
      const limit = 1 + below(40);
      const pieces = piecesOf(text, limit);
      expect(pieces.join("")).toBe(text);
      for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(limit);
      for (const piece of pieces) expect(piece).not.toBe("");
    }
  });
});
