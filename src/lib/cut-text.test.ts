import { expect, test } from "vitest";
import { headOfBytes, tailOfBytes } from "./cut-text.ts";

const mixed = "aü€😀".repeat(50);

test("a text that fits is left as it is", () => {
  expect(headOfBytes("aü€😀", 10)).toBe("aü€😀");
  expect(tailOfBytes("aü€😀", 10)).toBe("aü€😀");
  expect(headOfBytes("", 0)).toBe("");
});

test.each(Array.from({ length: 60 }, (_, bytes) => bytes))(
  "%i bytes hold whole characters of the beginning and of the end",
  (bytes) => {
    for (const cut of [headOfBytes(mixed, bytes), tailOfBytes(mixed, bytes)]) {
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(bytes);
      expect(Buffer.byteLength(cut)).toBeGreaterThan(bytes - 4);
      expect(cut).not.toContain("\ufffd");
    }
    expect(mixed.startsWith(headOfBytes(mixed, bytes))).toBe(true);
    expect(mixed.endsWith(tailOfBytes(mixed, bytes))).toBe(true);
  },
);
