// Writes what belongs beside the bundle, from what the bundler has taken into it: `npm run build` calls it.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { readBundledPackages } from "./bundle/bundled-packages.ts";
import { joinDeclarations } from "./bundle/declarations.ts";
import { licensesText } from "./bundle/licenses.ts";
import { cycloneDx } from "./bundle/sbom.ts";

const root = path.dirname(import.meta.dirname);
const metafile = path.join(root, "dist/metafile-esm.json");
const packages = readBundledPackages(root, metafile);
const own = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
  name: string;
  version: string;
  peerDependencies: Record<string, string>;
};

writeFileSync(path.join(root, "dist/THIRD-PARTY-LICENSES.txt"), licensesText(packages));
writeFileSync(path.join(root, "dist/sbom.cdx.json"), `${JSON.stringify(cycloneDx(own, packages), null, 2)}\n`);
rmSync(metafile);

// One file of declarations for each entry, that need nothing but the peers.
const peers = Object.keys(own.peerDependencies);
const types = path.join(root, "dist/types");
writeFileSync(path.join(root, "dist/index.d.ts"), joinDeclarations(path.join(types, "index.d.ts"), peers));
// Node reads a `.cjs` with the types of a `.d.cts`, and there a package of ES modules has to be imported as one.
const parserTypes = joinDeclarations(path.join(types, "ui-parser.d.ts"), peers);
const asModule = '$1 with { "resolution-mode": "import" }';
writeFileSync(path.join(root, "dist/ui-parser.d.cts"), parserTypes.replace(/(from "[^"]+")/g, asModule));
rmSync(types, { recursive: true });
