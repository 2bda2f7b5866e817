import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { manifest, root } from "./built.ts";

const name = String(manifest.name);
let packed: string;

beforeAll(() => {
  packed = mkdtempSync(join(tmpdir(), "packed-"));
  const options = { cwd: root, encoding: "utf8" } as const;
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", packed], options);
  execFileSync("tar", ["-xzf", `${name}-${manifest.version}.tgz`], { cwd: packed });
});

interface Compiler {
  kind: "module" | "commonjs";
  module: "node16" | "nodenext" | "preserve";
  moduleResolution: "node16" | "nodenext" | "bundler";
}

const nodenext = { module: "nodenext", moduleResolution: "nodenext" } as const;

/** A project that has installed our package as it is packed, and Paperclip's: ours finds nothing else. */
function project({ kind, ...resolution }: Compiler): string {
  const folder = mkdtempSync(join(tmpdir(), "types-"));
  mkdirSync(join(folder, "node_modules/@paperclipai"), { recursive: true });
  mkdirSync(join(folder, "node_modules/@types"));
  cpSync(join(packed, "package"), join(folder, "node_modules", name), { recursive: true });
  // As links: they find what they need themselves, which we do not.
  for (const peer of ["@paperclipai/adapter-utils", "@types/node"]) {
    symlinkSync(join(root, "node_modules", peer), join(folder, "node_modules", peer));
  }
  const options = { target: "es2022", strict: true, noEmit: true, skipLibCheck: false, types: ["node"], ...resolution };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["use.ts"] }));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: kind }));
  return folder;
}

function compile(source: string, compiler: Compiler = { kind: "module", ...nodenext }): string {
  const folder = project(compiler);
  writeFileSync(join(folder, "use.ts"), source);
  try {
    return execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout);
  }
}

describe.each([
  { kind: "module", ...nodenext },
  { kind: "module", module: "node16", moduleResolution: "node16" },
  { kind: "module", module: "preserve", moduleResolution: "bundler" },
] as const satisfies Compiler[])("for who imports the package by $moduleResolution", (compiler) => {
  test("the types fit what Paperclip expects, and need nothing that the package does not ask for", () => {
    const source = `
      import type { ServerAdapterModule } from "@paperclipai/adapter-utils";
      import { createServerAdapter, label, type } from "${name}";
      import { parseStdoutLine } from "${name}/ui-parser";
      export const module: ServerAdapterModule = createServerAdapter({ limits: { follow: undefined } });
      export const texts: string[] = [label, type];
      export const entries: { kind: string }[] = parseStdoutLine("{}", "2026-01-01T00:00:00Z");
    `;
    expect(compile(source, compiler)).toBe("");
  });

  test("and are types: what does not fit is told", () => {
    const source = `
      import { createServerAdapter } from "${name}";
      export const wrong: number = createServerAdapter().type;
    `;
    expect(compile(source, compiler)).toContain("Type 'string' is not assignable to type 'number'");
  });
});

test("each entry has one file of declarations, which exports what the code exports", async () => {
  const text = readFileSync(join(packed, "package/dist/index.d.ts"), "utf8");
  const declared = [...text.matchAll(/^export declare (?:const|function) (\w+)/gm)].map(([, one]) => one);
  const built = await import(join(root, "dist/index.js"));
  expect(declared.toSorted()).toEqual(Object.keys(built).toSorted());
  expect(text).not.toMatch(/from "(?!@paperclipai\/adapter-utils")/);
});

test.each([
  ["import", "module", `import { parseStdoutLine } from "${name}/ui-parser";`],
  ["require", "commonjs", `import parser = require("${name}/ui-parser"); const { parseStdoutLine } = parser;`],
] as const)("the run page's parser can be taken by %s, as its types say", (_, kind, take) => {
  const use = `${take} export const kinds: string[] = parseStdoutLine("{}", "").map(({ kind }) => kind);`;
  expect(compile(use, { kind, ...nodenext })).toBe("");
  const wrong = `${take} export const count: number = parseStdoutLine;`;
  expect(compile(wrong, { kind, ...nodenext })).toContain("is not assignable to type 'number'");
});

test("the run page's parser can be taken by import and by require, at run time", () => {
  const folder = project({ kind: "module", ...nodenext });
  const run = (source: string, type: string) =>
    execFileSync(process.execPath, [`--input-type=${type}`, "-e", source], { cwd: folder, encoding: "utf8" });
  expect(
    run(`import { parseStdoutLine } from "${name}/ui-parser"; console.log(typeof parseStdoutLine)`, "module"),
  ).toBe("function\n");
  expect(run(`console.log(typeof require("${name}/ui-parser").parseStdoutLine)`, "commonjs")).toBe("function\n");
});
