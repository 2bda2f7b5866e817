import { expect, test } from "vitest";
import { blocks } from "../../../scripts/docs/blocks.ts";
import { firstDifference, replaceBlocks } from "../../../scripts/docs/replace-blocks.ts";
import { failures } from "../../../src/run/failure.ts";

const generators = { a: () => "A $1", b: () => "B\n" };

test("each marked block is replaced, the text around it stays", () => {
  const text = "x\n<!-- generated:a -->\nold\n<!-- /generated -->\ny\n<!-- generated:b -->\n<!-- /generated -->\nz\n";
  const replaced = replaceBlocks(text, generators);
  expect(replaced).toBe(
    "x\n<!-- generated:a -->\n\nA $1\n\n<!-- /generated -->\ny\n<!-- generated:b -->\n\nB\n\n<!-- /generated -->\nz\n",
  );
  expect(replaceBlocks(replaced, generators)).toBe(replaced);
});

test("a block that nobody writes is an error", () => {
  expect(() => replaceBlocks("<!-- generated:c -->\n<!-- /generated -->", generators)).toThrow('"c"; there are a, b');
});

test("a difference is told by its first line", () => {
  expect(firstDifference("a\nb", "a\nb")).toBeUndefined();
  expect(firstDifference("a\nb", "a\nc")).toBe("line 2\n  stands: b\n  should: c");
  expect(firstDifference("a\nb", "a")).toBe("line 2\n  stands: b\n  should: (nothing)");
});

test("every error code and every permission is a row", () => {
  for (const { code } of failures) expect(blocks["errors"]?.()).toContain(`| \`${code}\` |`);
  expect(blocks["permissions"]?.()).toContain("| `batch` | `jobs` |");
});
