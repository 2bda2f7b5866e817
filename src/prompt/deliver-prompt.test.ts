import { expect, test } from "vitest";
import { type DeliveredPrompt, deliverPrompt } from "./deliver-prompt.ts";

const kib = 1024;
const encoder = new TextEncoder();

function envParts(delivered: DeliveredPrompt): readonly string[] {
  if (delivered.kind !== "env") throw new Error(`delivered as ${delivered.kind}`);
  return delivered.parts;
}

function secretParts(delivered: DeliveredPrompt): Uint8Array[] {
  if (delivered.kind !== "secret") throw new Error(`delivered as ${delivered.kind}`);
  return delivered.secrets.flat();
}

test("an empty prompt has no parts", () => {
  expect(envParts(deliverPrompt(""))).toEqual([]);
});

test("a short prompt is one part, as it is", () => {
  const text = "Do $(HOME) and $HOME, 'quotes' \"too\"\n\n- ünïcode 🙂\uFEFF";
  expect(envParts(deliverPrompt(text))).toEqual([text]);
  expect(envParts(deliverPrompt("\uFEFFstarts with a mark"))).toEqual(["\uFEFFstarts with a mark"]);
});

test("96 KiB fit into one part, one byte more into two", () => {
  expect(envParts(deliverPrompt("x".repeat(96 * kib))).map(({ length }) => length)).toEqual([96 * kib]);
  expect(envParts(deliverPrompt("x".repeat(96 * kib + 1))).map(({ length }) => length)).toEqual([96 * kib, 1]);
});

test.each([
  ["two bytes", "é"],
  ["three bytes", "€"],
  ["four bytes, a surrogate pair", "🙂"],
])("a character of %s is never cut, wherever it stands", (_, character) => {
  for (let shift = 0; shift < 5; shift += 1) {
    const text = "x".repeat(96 * kib - shift) + character.repeat(5) + "y".repeat(10);
    const parts = envParts(deliverPrompt(text));
    expect(parts.join("")).toBe(text);
    for (const part of parts) expect(encoder.encode(part).length).toBeLessThanOrEqual(96 * kib);
  }
});

test("256 KiB still travel in the environment, one byte more in a Secret", () => {
  expect(deliverPrompt("x".repeat(256 * kib)).kind).toBe("env");
  expect(deliverPrompt("x".repeat(256 * kib + 1)).kind).toBe("secret");
});

test("bytes are counted, not characters", () => {
  expect(deliverPrompt("é".repeat(128 * kib)).kind).toBe("env");
  expect(deliverPrompt("é".repeat(128 * kib + 1)).kind).toBe("secret");
});

test("a NUL forces the way of the Secret, byte for byte", () => {
  const parts = secretParts(deliverPrompt("a\0b"));
  expect(Buffer.concat(parts)).toEqual(Buffer.from("a\0b"));
});

test("a Secret holds at most 900 KiB, and all of them together the prompt", () => {
  const text = "0123456789é".repeat(300_000);
  const delivered = deliverPrompt(text);
  const parts = secretParts(delivered);
  expect(Buffer.concat(parts).equals(Buffer.from(text))).toBe(true);
  for (const part of parts) expect(part.length).toBeLessThanOrEqual(900 * kib);
  expect(parts).toHaveLength(Math.ceil(Buffer.byteLength(text) / (900 * kib)));
});

test("16 MiB are delivered, one byte more is refused with its size", () => {
  expect(secretParts(deliverPrompt("x".repeat(16 * kib * kib)))).toHaveLength(19);
  expect(deliverPrompt("x".repeat(16 * kib * kib + 1))).toEqual({ kind: "too-large", bytes: 16 * kib * kib + 1 });
});

test("half a surrogate pair becomes the replacement character in both ways", () => {
  expect(envParts(deliverPrompt("a\uD83Db"))).toEqual(["a\uFFFDb"]);
  expect(Buffer.concat(secretParts(deliverPrompt("a\uD83Db\0"))).toString()).toBe("a\uFFFDb\0");
});
