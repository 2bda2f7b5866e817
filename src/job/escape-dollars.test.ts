import { expect, test } from "vitest";
import { seeded, textOf } from "../../test/support/random.ts";
import { literal } from "./escape-dollars.ts";

/** Kubernetes' own expansion, with every reference known (k8s.io/kubernetes/third_party/forked/golang/expansion). */
function expand(text: string): string {
  return text.replace(/\$(\$|\(([^)]*)\)|[\s\S])/g, (_, next: string, name: string | undefined) => {
    if (next === "$") return "$";
    return name === undefined ? `$${next}` : `<${name}>`;
  });
}

test("the model of the expansion does what the API documents", () => {
  expect(expand("$(HOME) $$(HOME) $HOME $ $$$(HOME) 100$")).toBe("<HOME> $(HOME) $HOME $ $<HOME> 100$");
});

test.each(["$(HOME)", "$$", "$$(HOME)", "a$", "$", "`$(rm -rf /)`", "$(", "$()", "{$HOME}", "$$$(A)$$"])(
  "%s arrives as written",
  (text) => {
    expect(expand(literal(text))).toBe(text);
  },
);

test("any text arrives as written", () => {
  const random = seeded(1);
  for (let round = 0; round < 5_000; round++) {
    const text = textOf(["$", "(", ")", "A", "$(", "\n", "é", "{", " "], 12, random);
    expect(expand(literal(text))).toBe(text);
  }
});
