import { readText } from "./source.ts";

/** What one part may take from another: types always, values of all its files or of those named. */
export type Allowance = { values: "all" } | { values: readonly string[] };

export interface PackageRule {
  folders: readonly string[];
  /** Values only by `await import(…)`. */
  onFirstUse: boolean;
}

export interface Design {
  /** By part: what it may import, besides itself. */
  parts: ReadonlyMap<string, ReadonlyMap<string, Allowance>>;
  packages: ReadonlyMap<string, PackageRule>;
}

/** The two tables of docs/design.md. */
export function readDesign(): Design {
  const text = readText("docs/design.md");
  const parts = new Map<string, Map<string, Allowance>>();
  for (const [names = "", , cell = ""] of rowsOf(text, "| folder | what | may import |")) {
    const above = [...parts.keys()];
    const allowed = readCell(cell, above);
    for (const name of quoted(names)) parts.set(name, allowed);
  }
  const all: [string, Allowance][] = [...parts.keys()].map((name) => [name, { values: "all" }]);
  for (const [name, allowed] of parts) if (allowed.has("everything")) parts.set(name, new Map(all));
  const packages = rowsOf(text, "| package | its values in | loaded |").map(
    ([names = "", folders = "", loaded = ""]) =>
      [quoted(names)[0] ?? "", { folders: quoted(folders), onFirstUse: loaded.startsWith("on first use") }] as const,
  );
  return { parts, packages: new Map(packages) };
}

function readCell(cell: string, above: readonly string[]): Map<string, Allowance> {
  if (cell === "all of the above") return new Map(above.map((name) => [name, { values: "all" }]));
  if (cell === "everything") return new Map([["everything", { values: "all" }]]);
  const entries = cell.matchAll(/`([^`]+)`(?:\s*\(([^)]*)\))?/g);
  return new Map(
    [...entries].map(([, name = "", only]) => [
      name,
      only === undefined ? { values: "all" } : { values: quoted(only) },
    ]),
  );
}

function rowsOf(text: string, header: string): string[][] {
  const [, table] = text.split(`${header}\n`);
  if (table === undefined) throw new Error(`docs/design.md has no table "${header}"`);
  const lines = table.split("\n").slice(1);
  const end = lines.findIndex((line) => !line.startsWith("|"));
  return lines.slice(0, end === -1 ? undefined : end).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

function quoted(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}
