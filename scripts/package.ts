// Looks at the package as npm packs it: what its exports promise, for every way to resolve them. `npm run package:check`
// after a build; ends with 1 at the first finding.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const root = path.dirname(import.meta.dirname);
const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { name: string; version: string };

const folder = mkdtempSync(path.join(tmpdir(), "package-"));
try {
  const pack = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
  execFileSync("npm", pack, { cwd: root, stdio: "pipe" });
  const tarball = readFileSync(path.join(folder, `${manifest.name}-${manifest.version}.tgz`));
  const findings = [...(await lint(tarball)), ...(await types(tarball))];
  for (const finding of findings) console.error(finding);
  console.log(`${manifest.name}: ${findings.length === 0 ? "nothing to say" : `${findings.length} findings`}`);
  if (findings.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

async function lint(tarball: Buffer): Promise<string[]> {
  const bytes = new Uint8Array(tarball).buffer;
  const { messages } = await publint({ pack: { tarball: bytes }, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, manifest) ?? message.code}`);
}

/** The ways of Node 24 and of bundlers. The oldest one knows no `exports`, and CommonJS requires ES modules as Node does. */
async function types(tarball: Buffer): Promise<string[]> {
  const result = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
  if (!result.types) return ["types: the package has none"];
  return result.problems
    .filter(
      (problem) =>
        problem.kind !== "CJSResolvesToESM" && !("resolutionKind" in problem && problem.resolutionKind === "node10"),
    )
    .map((problem) => `types: ${JSON.stringify(problem)}`);
}
