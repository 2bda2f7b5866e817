import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

const root = join(import.meta.dirname, "../../..");

export interface Import {
  file: string;
  /** A path from src/ for a file of ours, else the package's name. */
  target: string;
  own: boolean;
  /** What is imported disappears when the types do. */
  typesOnly: boolean;
  /** Loaded when it is needed. */
  dynamic: boolean;
}

export function readText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** TypeScript files under a folder, as paths from the repository. */
export function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts") && !file.includes("node_modules"))
    .map((file) => `${folder}/${file}`);
}

/** What is built: everything in src but the tests beside it. */
export function sources(): string[] {
  return filesUnder("src").filter((file) => !file.endsWith(".test.ts"));
}

/** The folder of src in which a path lies, or the file itself when it lies in src. */
export function partOf(path: string): string {
  const inSrc = path.replace(/^src\//, "");
  const folder = posix.dirname(inSrc);
  return folder === "." ? inSrc : `${folder}/`;
}

export function importsOf(file: string): Import[] {
  const text = readText(file);
  return [...staticImports(text), ...dynamicImports(text)]
    .filter(({ from }) => !from.startsWith("node:"))
    .map(({ from, ...rest }) => {
      const own = from.startsWith(".");
      const target = own ? posix.join(posix.dirname(file), from).replace(/^src\//, "") : packageOf(from);
      return { file, target, own, ...rest };
    });
}

type Found = Pick<Import, "typesOnly" | "dynamic"> & { from: string };

function staticImports(text: string): Found[] {
  const statements = text.matchAll(/^(?:import|export)\s+(?:([^;"]*?)\s*from\s+)?"([^"]+)"/gms);
  return [...statements].map(([, clause = "", from = ""]) => ({ from, typesOnly: isTypes(clause), dynamic: false }));
}

function isTypes(clause: string): boolean {
  if (/^type\b/.test(clause)) return true;
  const names = /^\{(.*)\}$/s
    .exec(clause)?.[1]
    ?.split(",")
    .filter((name) => name.trim() !== "");
  return names?.every((name) => /^\s*type\s/.test(name)) ?? false;
}

/** `await import("x")` loads; `typeof import("x")` and `import("x").Y` are types. */
function dynamicImports(text: string): Found[] {
  const calls = text.matchAll(/(\w*)\s*\bimport\("([^"]+)"\)/g);
  return [...calls].map(([, before, from = ""]) => ({ from, typesOnly: before !== "await", dynamic: true }));
}

function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Lines that are neither blank nor comment. */
export function linesOfCode(text: string): number {
  return text.match(/^(?!\s*(\/\/|\/?\*)).*\S/gm)?.length ?? 0;
}

/** The classes of a formatted file, each with its lines of code: one ends at the first brace that stands as far in as it does. */
export function classesOf(text: string): { name: string; lines: number }[] {
  const heads = text.matchAll(/^([ \t]*)(?!\/\/|\*)(?:[^\n"'`]*[ (=])?class\b(?: (?!extends)(\w+))?[^\n]*\{(\})?$/gm);
  return [...heads].map(({ 0: head, 1: indent = "", 2: name = "", 3: empty, index }) => {
    const rest = text.slice(index);
    const end = empty ? head.length : rest.search(new RegExp(`^${indent}\\}`, "m")) + indent.length + 1;
    return { name, lines: linesOfCode(rest.slice(0, end)) };
  });
}
