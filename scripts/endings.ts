import { readFileSync, writeFileSync } from "node:fs";
import { incidents } from "../test/stories/incidents.ts";
import type { Row } from "../test/stories/table.ts";

/** docs/endings.md from the rows that the stories wrote: ENDINGS_ROWS=FILE vitest run ..., then this with FILE. */
const files = process.argv.slice(2);
const rows = files.flatMap((file) =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row),
);
if (rows.length === 0) throw new Error("no rows: run the stories with ENDINGS_ROWS=FILE and name FILE here");

const cell = (text: string) => text.replaceAll("|", "\\|").replace(/\s+/g, " ").trim();
/** Names of objects and places change from run to run. */
const lasting = (text: string) =>
  text
    .replaceAll(/agent-opencode-[a-z0-9-]+/g, "agent-opencode-…")
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, "http://127.0.0.1:…")
    .replaceAll(/e2e-(?:endings|stops)[a-z-]*/g, "paperclip");
const shorten = (text: string) => (text.length > 220 ? `${text.slice(0, 219)}…` : text);

interface Told extends Row {
  worlds: Set<string>;
}

const told = new Map<string, Told>();
for (const row of rows) {
  const key = `${row.group}\n${row.fault}`;
  const known = told.get(key);
  if (known) known.worlds.add(row.world);
  else told.set(key, { ...row, worlds: new Set([row.world]) });
}

const groups = Map.groupBy(told.values(), ({ group }) => group);
const sections = [...groups].map(([group, list]) =>
  [
    `## ${group}`,
    "",
    "| Fault | Played on | Code | Message | Lines lost | Repeated | Left behind |",
    "|---|---|---|---|---|---|---|",
    ...list.map(({ fault, worlds, code, message, lost, repeated, left }) =>
      [
        "",
        cell(fault),
        [...worlds].toSorted().join(", "),
        `\`${code}\``,
        cell(shorten(lasting(message))),
        lost,
        repeated,
        cell(lasting(left)),
        "",
      ]
        .join(" | ")
        .trim(),
    ),
  ].join("\n"),
);

const text = `# How runs end

What was done to a run and what its user sees of it. Written by the stories themselves
(\`ENDINGS_ROWS=FILE npx vitest run --project stories\`, then \`node scripts/endings.ts FILE\`): every row was played, and a
story fails when its row would be another. "embedded" is the cluster in the tests' own process, "real" a Kubernetes 1.34.

${sections.join("\n\n")}

## Incidents of earlier implementations

| What happened in production | The test that would have caught it | In |
|---|---|---|
${incidents.map(({ what, test, file }) => `| ${cell(what)} | ${cell(test)} | \`${file}\` |`).join("\n")}
`;
writeFileSync(new URL("../docs/endings.md", import.meta.url), text);
