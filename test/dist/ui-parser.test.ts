import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseStdoutLine } from "../../src/ui-parser.ts";
import { recorded, recordedNames } from "../fixtures/opencode/recorded.ts";

const root = new URL("../../", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
const path = fileURLToPath(new URL(manifest.exports["./ui-parser"].import, root));
const source = readFileSync(path, "utf8");

type Parse = typeof parseStdoutLine;

/** As the worker of Paperclip's page does it (2026.916.1). */
function loadAsPaperclipDoes(): Parse {
  const exports: Record<string, unknown> = {};
  const module = { exports };
  const factory = new Function("exports", "module", "self", "globalThis", `"use strict";\n{\n${source}\n}`);
  factory(exports, module, undefined, undefined);
  const resolved = Object.keys(module.exports).length > 0 ? module.exports : exports;
  return resolved["parseStdoutLine"] as Parse;
}

test("the page's worker finds parseStdoutLine in the built file", () => {
  expect(loadAsPaperclipDoes()).toBeTypeOf("function");
});

test("the built file reads every recording as the source does", () => {
  const parse = loadAsPaperclipDoes();
  for (const line of recordedNames.flatMap((name) => recorded(name).lines)) {
    expect(parse(line, "t")).toEqual(parseStdoutLine(line, "t"));
  }
});

test("the built file is small and asks for nothing", () => {
  expect(Buffer.byteLength(source)).toBeLessThan(50_000);
  expect(source).not.toMatch(/\brequire\s*\(|\bimport\s*[({"']|\bprocess\.|\bBuffer\b|\bglobalThis\b|\bself\./);
});

test("the package declares version 1 of the contract", () => {
  expect(manifest.paperclip.adapterUiParser).toMatch(/^1\./);
});
