import { describe, expect, test } from "vitest";
import { seeded, textOf } from "../../test/support/random.ts";
import { createLineSplitter } from "./lines.ts";

function split(chunks: readonly Uint8Array[], limitBytes?: number): { lines: string[]; rest: string } {
  const splitter = createLineSplitter(limitBytes);
  const lines = chunks.flatMap((chunk) => splitter.push(chunk).map(String));
  return { lines, rest: String(splitter.rest()) };
}

test("a text cut anywhere gives the same lines, characters of many bytes too", () => {
  const random = seeded(5);
  for (let round = 0; round < 500; round++) {
    const text = textOf(["a", "\n", "é", "🤖", "\r", "\n\n", "long ".repeat(50)], 20, random);
    const bytes = Buffer.from(text);
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + Math.floor(random() * 9);
      chunks.push(bytes.subarray(at, at + size));
      at += size;
    }
    const lines = text.split("\n");
    const rest = lines.pop();
    expect(split(chunks)).toEqual({ lines, rest });
  }
});

test("a line of many small chunks is put together once: 100,000 of them take no time", () => {
  const splitter = createLineSplitter();
  const startedAtMs = Date.now();
  for (let chunk = 0; chunk < 100_000; chunk++) splitter.push(Buffer.from("xxxxxxxxxx"));
  expect(splitter.push(Buffer.from("\n"))[0]).toHaveLength(1_000_000);
  expect(Date.now() - startedAtMs).toBeLessThan(5_000);
});

describe("a line that is too long", () => {
  test("comes in pieces of the limit's size, wherever the chunks are cut; one that just fits is whole", () => {
    const bytes = Buffer.from("12345678\n123456789\n12345678123456781\n\nab\n123456781234567812");
    const lines = ["12345678", "12345678", "9", "12345678", "12345678", "1", "", "ab", "12345678", "12345678"];
    for (let size = 1; size <= bytes.length; size++) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      expect(split(chunks, 8)).toEqual({ lines, rest: "12" });
    }
  });

  test("is not held beyond 64 MiB, though its newline never comes", () => {
    const splitter = createLineSplitter();
    const chunk = Buffer.alloc(1024 * 1024, "x");
    const sizes: number[] = [];
    for (let pushed = 0; pushed < 130; pushed++) {
      sizes.push(...splitter.push(chunk).map(({ length }) => length));
    }
    expect(sizes).toEqual([64 * 1024 * 1024, 64 * 1024 * 1024]);
    expect(splitter.rest()).toHaveLength(2 * 1024 * 1024);
  });
});
