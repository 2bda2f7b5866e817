import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { manifest, root } from "./built.ts";

/** A project that has our package and Paperclip's installed. */
function project(kind: "module" | "commonjs"): string {
  const folder = mkdtempSync(join(tmpdir(), "types-"));
  mkdirSync(join(folder, "node_modules/@paperclipai"), { recursive: true });
  symlinkSync(root, join(folder, "node_modules", manifest.name));
  symlinkSync(
    join(root, "node_modules/@paperclipai/adapter-utils"),
    join(folder, "node_modules/@paperclipai/adapter-utils"),
  );
  const options = { target: "es2022", module: "nodenext", strict: true, noEmit: true, skipLibCheck: true, types: [] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["use.ts"] }));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: kind }));
  return folder;
}

function compile(source: string, kind: "module" | "commonjs" = "module"): string {
  const folder = project(kind);
  writeFileSync(join(folder, "use.ts"), source);
  try {
    return execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout);
  }
}

test("the types fit what Paperclip expects, for who imports the package", () => {
  const source = `
    import type { ServerAdapterModule } from "@paperclipai/adapter-utils";
    import { createServerAdapter, label, type } from "${manifest.name}";
    import { parseStdoutLine } from "${manifest.name}/ui-parser";
    export const module: ServerAdapterModule = createServerAdapter();
    export const texts: string[] = [label, type];
    export const entries: { kind: string }[] = parseStdoutLine("{}", "2026-01-01T00:00:00Z");
  `;
  expect(compile(source)).toBe("");
});

test("and are types: what does not fit is told", () => {
  const source = `
    import { createServerAdapter } from "${manifest.name}";
    export const wrong: number = createServerAdapter().type;
  `;
  expect(compile(source)).toContain("Type 'string' is not assignable to type 'number'");
});

test.each([
  ["import", "module", (name: string) => `import { parseStdoutLine } from "${name}/ui-parser";`],
  [
    "require",
    "commonjs",
    (name: string) => `import parser = require("${name}/ui-parser"); const { parseStdoutLine } = parser;`,
  ],
] as const)("the run page's parser can be taken by %s, as its types say", (_, kind, take) => {
  const use = `${take(manifest.name)} export const kinds: string[] = parseStdoutLine("{}", "").map(({ kind }) => kind);`;
  expect(compile(use, kind)).toBe("");
  const wrong = `${take(manifest.name)} export const count: number = parseStdoutLine;`;
  expect(compile(wrong, kind)).toContain("is not assignable to type 'number'");
});

test("the run page's parser can be taken by import and by require, at run time", () => {
  const folder = project("module");
  const run = (source: string, type: string) =>
    execFileSync(process.execPath, [`--input-type=${type}`, "-e", source], { cwd: folder, encoding: "utf8" });
  const name = `${manifest.name}/ui-parser`;
  expect(run(`import { parseStdoutLine } from "${name}"; console.log(typeof parseStdoutLine)`, "module")).toBe(
    "function\n",
  );
  expect(run(`console.log(typeof require("${name}").parseStdoutLine)`, "commonjs")).toBe("function\n");
});
