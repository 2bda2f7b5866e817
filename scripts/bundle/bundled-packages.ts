import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** One package whose code stands in dist/index.js. */
export interface BundledPackage {
  name: string;
  version: string;
  /** SPDX expression, as its own package.json says. */
  license: string;
  licenseText: string;
  /** Of the lock file: `sha512-…` in base64. */
  integrity: string;
}

interface Metafile {
  outputs: Record<string, { inputs: Record<string, unknown> }>;
}

interface Manifest {
  name: string;
  version: string;
  license?: string;
}

interface Lock {
  packages: Record<string, { integrity?: string }>;
}

/** Everything that the bundler has taken into the bundle. Throws where one says nothing of its licence, or is not locked. */
export function readBundledPackages(root: string, metafile: string): BundledPackage[] {
  const { outputs } = JSON.parse(readFileSync(metafile, "utf8")) as Metafile;
  const lock = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")) as Lock;
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  const folders = new Set(inputs.map(packageFolder).filter((folder) => folder !== undefined));
  return [...folders]
    .filter((folder) => existsSync(path.join(root, folder, "package.json")))
    .toSorted()
    .map((folder) => readPackage(path.join(root, folder), lock.packages[folder]?.integrity));
}

/** `node_modules/a/node_modules/@b/c/lib/x.js` is of `node_modules/a/node_modules/@b/c`. */
function packageFolder(file: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
}

function readPackage(folder: string, integrity: string | undefined): BundledPackage {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Manifest;
  if (!license) throw new Error(`${name} ${version} does not say under which licence it is`);
  if (!integrity)
    throw new Error(`${name} ${version} has no integrity in package-lock.json: node scripts/complete-lock.ts`);
  return { name, version, license, licenseText: licenseText(folder, { name, license }), integrity };
}

/** What packages that bring no licence file are under, as their own repositories have it. */
const missingTexts: Readonly<Record<string, { copyright: string }>> = {
  "@paperclipai/adapter-utils": { copyright: "Copyright (c) 2025 Ironworks AI" },
};

function licenseText(folder: string, { name, license }: Pick<BundledPackage, "name" | "license">): string {
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)(\.|$)/i.test(entry));
  if (file) return readFileSync(path.join(folder, file), "utf8").trim();
  const known = missingTexts[name];
  if (!known || license !== "MIT")
    throw new Error(`${name} brings no licence text: add its copyright line to missingTexts`);
  return mit(known.copyright);
}

function mit(copyright: string): string {
  return readFileSync(path.join(import.meta.dirname, "../../LICENSE"), "utf8")
    .trim()
    .replace(/^Copyright .*$/m, copyright);
}
