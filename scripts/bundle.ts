// Writes what belongs beside the bundle, from what the bundler has taken into it: `npm run build` calls it.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { readBundledPackages } from "./bundle/bundled-packages.ts";
import { licensesText } from "./bundle/licenses.ts";
import { cycloneDx } from "./bundle/sbom.ts";

const root = path.dirname(import.meta.dirname);
const metafile = path.join(root, "dist/metafile-esm.json");
const packages = readBundledPackages(root, metafile);
const own = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { name: string; version: string };

writeFileSync(path.join(root, "dist/THIRD-PARTY-LICENSES.txt"), licensesText(packages));
writeFileSync(path.join(root, "dist/sbom.cdx.json"), `${JSON.stringify(cycloneDx(own, packages), null, 2)}\n`);
rmSync(metafile);

// Node reads a `.cjs` with the types of a `.d.cts`, and there a package of ES modules has to be imported as one.
const parserTypes = readFileSync(path.join(root, "dist/types/ui-parser.d.ts"), "utf8");
const asModule = 'from "@paperclipai/adapter-utils" with { "resolution-mode": "import" }';
writeFileSync(
  path.join(root, "dist/ui-parser.d.cts"),
  parserTypes.replace('from "@paperclipai/adapter-utils"', asModule),
);
