import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { describe, expect, test } from "vitest";
import { manifest, root } from "./built.ts";

/** As Paperclip's plugin loader resolves an export (2026.916.1, adapters/plugin-loader). */
function resolveExport(name: "." | "./ui-parser"): string {
  const target = manifest.exports[name];
  return resolve(root, typeof target === "string" ? target : (target.import ?? target.default));
}

describe("Paperclip's plugin loader finds", () => {
  test.each([".", "./ui-parser"] as const)("the file of %s, inside the package", (name) => {
    const file = resolveExport(name);
    expect(file.startsWith(`${root}${sep}`)).toBe(true);
    expect(existsSync(file)).toBe(true);
  });

  test("a contract version of the run page's parser that it supports", () => {
    expect(manifest.paperclip.adapterUiParser.split(".")[0]).toBe("1");
  });
});

test("every file that the package names is there", () => {
  const named = Object.values(manifest.exports).flatMap((target) =>
    typeof target === "string" ? [target] : Object.values(target as object),
  );
  for (const file of [...named, manifest.main, manifest.types]) expect(existsSync(join(root, file)), file).toBe(true);
});

test("who installs the package installs nothing with it", () => {
  expect(manifest).not.toHaveProperty("dependencies");
  expect(manifest.peerDependenciesMeta["@paperclipai/adapter-utils"].optional).toBe(true);
});

describe("npm packs", () => {
  const [pack] = JSON.parse(
    execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  ) as [{ files: { path: string }[] }];
  const files = pack.files.map(({ path }) => path);

  test("the built files, their types, the examples and the documents, and nothing else", () => {
    const intended = [
      /^(README\.md|CHANGELOG\.md|SECURITY\.md|LICENSE|package\.json)$/,
      /^dist\/(index\.(js|d\.ts)|ui-parser\.(cjs|d\.cts)|THIRD-PARTY-LICENSES\.txt|sbom\.cdx\.json)$/,
      /^examples\/[\w./-]+\.(yaml|md|sh)$/,
      /^docs\/[\w./-]+\.md$/,
    ];
    expect(files.filter((file) => !intended.some((pattern) => pattern.test(file)))).toEqual([]);
  });

  test.each([
    "dist/index.js",
    "dist/ui-parser.cjs",
    "dist/sbom.cdx.json",
    "dist/index.d.ts",
    "dist/ui-parser.d.cts",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "examples/rbac/role.yaml",
  ])("%s", (file) => {
    expect(files).toContain(file);
  });
});
