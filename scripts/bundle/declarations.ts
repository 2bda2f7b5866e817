import { readFileSync } from "node:fs";
import path from "node:path";

/** A file of declarations as `tsc` writes it: statements begin at a line's start. */
interface DeclarationFile {
  /** Declared here, with its comment, by its name. */
  statements: ReadonlyMap<string, string>;
  /** Imported here: what by which name, from where. */
  imports: ReadonlyMap<string, Imported>;
  /** What it exports by a list: `export type { Adapter };` */
  listed: readonly string[];
}

interface Imported {
  name: string;
  from: string;
}

/**
 * The declarations that `entry` exports, and those that they use, as one text. TypeScript 7 has no API that bundlers of
 * declarations build on. Throws when two of them have one name, and at an import of a package that is not in `packages`.
 */
export function joinDeclarations(entry: string, packages: readonly string[]): string {
  const files = new Map<string, DeclarationFile>();
  const taken = new Map<string, string>();
  const fromPackages = new Map<string, Set<string>>();
  const open = (file: string) => {
    const known = files.get(file) ?? readDeclarations(readFileSync(file, "utf8"));
    files.set(file, known);
    return known;
  };
  const take = (file: string, name: string): void => {
    const { statements, imports } = open(file);
    const statement = statements.get(name);
    if (statement === undefined) {
      const imported = imports.get(name);
      if (imported) follow(file, imported, name);
      return;
    }
    const place = taken.get(name);
    if (place === file) return;
    if (place !== undefined) throw new Error(`${name} is declared in ${place} and in ${file}`);
    taken.set(name, file);
    for (const used of wordsOf(statement)) take(file, used);
  };
  const follow = (file: string, { name, from }: Imported, as: string): void => {
    if (name !== as) throw new Error(`${file} imports ${name} as ${as}: a joined file has one name for it`);
    if (from.startsWith(".")) {
      take(path.join(path.dirname(file), from.replace(/\.ts$/, ".d.ts")), name);
      return;
    }
    if (!packages.includes(from)) throw new Error(`${file} needs ${name} of ${from}, which users do not have`);
    fromPackages.set(from, (fromPackages.get(from) ?? new Set()).add(name));
  };

  const { statements, listed } = open(entry);
  const exported = [...statements.keys(), ...listed];
  for (const name of exported) take(entry, name);
  const heads = [...fromPackages].map(
    ([from, names]) => `import type { ${[...names].toSorted().join(", ")} } from "${from}";`,
  );
  const bodies = [...taken].map(([name, file]) => {
    const statement = open(file).statements.get(name) ?? "";
    return exported.includes(name) ? asExport(statement) : statement.replace(/^export (?=\w)/m, "");
  });
  // Without this line everything that is declared would be exported.
  return `${[...heads, ...bodies, "export {};"].join("\n")}\n`;
}

function asExport(statement: string): string {
  return /^export /m.test(statement) ? statement : statement.replace(/^(?=declare|interface|type)/m, "export ");
}

const declaration = /^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|const|function|class|enum) (\w+)/m;

function readDeclarations(text: string): DeclarationFile {
  const statements = new Map<string, string>();
  const imports = new Map<string, Imported>();
  const listed: string[] = [];
  for (const statement of statementsOf(text)) {
    const bare = withoutComments(statement).trim();
    const names = /^(?:import|export)(?: type)? \{([^}]*)\}/.exec(bare)?.[1];
    const from = /from "([^"]+)"/.exec(bare)?.[1];
    if (names !== undefined) {
      for (const { name, as } of namesOf(names)) {
        if (from !== undefined) imports.set(as, { name, from });
        if (bare.startsWith("export")) listed.push(as);
      }
      continue;
    }
    const name = declaration.exec(bare)?.[1];
    if (name !== undefined) statements.set(name, `${statements.get(name) ?? ""}${statement}`.trim());
    else if (bare !== "" && bare !== "export {};") throw new Error(`not understood: ${bare.slice(0, 100)}`);
  }
  return { statements, imports, listed };
}

function namesOf(list: string): { name: string; as: string }[] {
  return list
    .split(",")
    .map((part) => part.trim().replace(/^type /, ""))
    .filter((part) => part !== "")
    .map((part) => {
      const [name = "", as = name] = part.split(" as ");
      return { name, as };
    });
}

const braced = /^(?:export )?(?:declare )?(?:abstract )?(?:interface|class|enum) /;

/** A statement is at its end where its brackets are closed and the line has a semicolon, or its brace, last. */
function statementsOf(text: string): string[] {
  const found: string[] = [];
  let current: string[] = [];
  for (const line of text.split("\n")) {
    current.push(line);
    const bare = withoutComments(current.join("\n")).trim();
    if (!bare.endsWith(";") && !(bare.endsWith("}") && braced.test(bare))) continue;
    if (count(bare, /[{([]/g) !== count(bare, /[})\]]/g)) continue;
    found.push(current.join("\n"));
    current = [];
  }
  return found;
}

const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;
const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?(?:\*\/|$)/g, "").replace(/^\s*\/\/.*$/gm, "");

/** What a statement may refer to: its words, without the names of properties, parameters and methods, and text. */
function wordsOf(statement: string): Set<string> {
  const bare = withoutComments(statement).replace(/"[^"\n]*"/g, "");
  return new Set(bare.replace(/[\w$]+(?=\??:|\()/g, "").match(/[A-Za-z_$][\w$]*/g) ?? []);
}
