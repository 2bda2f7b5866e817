// Collects the licences of everything that is bundled into dist/index.js: `npm run build` calls it after the bundler.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.dirname(import.meta.dirname);
const metafile = path.join(root, "dist/metafile-esm.json");

interface Metafile {
  outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }>;
}

interface Manifest {
  name: string;
  version: string;
  license?: string;
}

/** `node_modules/a/node_modules/@b/c/lib/x.js` is of `node_modules/a/node_modules/@b/c`. */
function packageFolder(file: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
}

function licenceText(folder: string): string {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)(\.|$)/i.test(name));
  return file ? readFileSync(path.join(folder, file), "utf8").trim() : "(the package has no licence file)";
}

const { outputs } = JSON.parse(readFileSync(metafile, "utf8")) as Metafile;
const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
const folders = [...new Set(inputs.map(packageFolder).filter((folder) => folder !== undefined))]
  .map((folder) => path.join(root, folder))
  .filter((folder) => existsSync(path.join(folder, "package.json")))
  .toSorted();

const parts = folders.map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Manifest;
  return `${name} ${version} (${license ?? "see below"})\n\n${licenceText(folder)}\n`;
});
writeFileSync(
  path.join(root, "dist/THIRD-PARTY-LICENSES.txt"),
  `dist/index.js contains code of these packages.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`,
);
rmSync(metafile);
