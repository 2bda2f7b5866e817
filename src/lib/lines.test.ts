import { expect, test } from "vitest";
import { seeded, textOf } from "../../test/unit/random.ts";
import { createLineSplitter } from "./lines.ts";

function split(chunks: readonly Uint8Array[]): { lines: string[]; rest: string } {
  const splitter = createLineSplitter();
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
