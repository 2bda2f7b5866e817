const block = /(<!-- generated:([\w-]+) -->\n)[\s\S]*?(<!-- \/generated -->)/g;

/** Puts what the generators give between each pair of marks. A name that no generator has is an error. */
export function replaceBlocks(text: string, generators: Readonly<Record<string, () => string>>): string {
  return text.replace(block, (...match: unknown[]) => {
    const [, start, name, end] = match.map(String);
    const generate = generators[name ?? ""];
    if (!generate)
      throw new Error(`No generator for the block "${name}"; there are ${Object.keys(generators).join(", ")}`);
    return `${start}\n${generate().trim()}\n\n${end}`;
  });
}

/** The first line in which two texts differ, for a message; undefined when they are the same. */
export function firstDifference(found: string, expected: string): string | undefined {
  if (found === expected) return undefined;
  const foundLines = found.split("\n");
  const expectedLines = expected.split("\n");
  const index = expectedLines.findIndex((line, at) => line !== foundLines[at]);
  const at = index === -1 ? expectedLines.length : index;
  return `line ${at + 1}\n  stands: ${foundLines[at] ?? "(nothing)"}\n  should: ${expectedLines[at] ?? "(nothing)"}`;
}
