// Asks the registry for known faults of everything that is bundled: `npm run audit`. Ends with 1 when there is one, and
// with 2 when the registry offers no audit.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

interface Component {
  name: string;
  version: string;
}

const root = path.dirname(import.meta.dirname);
execFileSync("npm", ["run", "build"], { cwd: root, stdio: "ignore" });
const sbom = JSON.parse(readFileSync(path.join(root, "dist/sbom.cdx.json"), "utf8")) as { components: Component[] };
const folder = mkdtempSync(path.join(tmpdir(), "audit-"));
const entries = sbom.components.map(({ name, version }) => [`node_modules/${name}`, { version }] as const);
const dependencies = Object.fromEntries(sbom.components.map(({ name, version }) => [name, version]));
const own = { name: "audited", version: "1.0.0" };
const lock = {
  ...own,
  lockfileVersion: 3,
  requires: true,
  packages: { "": { ...own, dependencies }, ...Object.fromEntries(entries) },
};
try {
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ ...own, dependencies }));
  writeFileSync(path.join(folder, "package-lock.json"), JSON.stringify(lock));
  const { status, stdout, stderr } = spawnSync("npm", ["audit", "--package-lock-only"], {
    cwd: folder,
    encoding: "utf8",
  });
  process.stdout.write(stdout);
  const isUnavailable = /audit endpoint returned an error/.test(stderr);
  if (isUnavailable) process.stderr.write("the registry offers no audit: nothing was checked\n");
  process.exitCode = isUnavailable ? 2 : (status ?? 1);
} finally {
  rmSync(folder, { recursive: true });
}
