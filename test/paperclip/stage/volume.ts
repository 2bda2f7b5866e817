import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, cp, lchown, mkdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { paperclipDir, paperclipVersion } from "../../../scripts/paperclip/location.ts";
import { clusterDir } from "./kubectl.ts";

const run = promisify(execFile);
const agentUser = 1000;

/** The folder on the machine that pods have as /paperclip. */
export interface SharedVolume {
  folder: string;
  /** Writes a file that Paperclip and its agents may change. */
  write(path: string, text: string): Promise<void>;
  read(path: string): Promise<string>;
  /** Copies a folder from the machine. */
  copyIn(from: string, path: string, entries: readonly string[]): Promise<void>;
}

/** A folder on the machine that belongs to the user of Paperclip and its agents. */
export async function makeVolumeFolder(name: string): Promise<string> {
  const folder = join(clusterDir, "pv", name);
  await mkdir(folder, { recursive: true });
  await lchown(folder, agentUser, agentUser);
  return folder;
}

export async function removeVolumeFolder(name: string): Promise<void> {
  await rm(join(clusterDir, "pv", name), { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Makes the folder, with Paperclip's installation in it as /paperclip/app: so its pod needs no `hostPath` volume of its
 * own, which Pod Security "restricted" forbids.
 */
export async function makeSharedVolume(name: string): Promise<SharedVolume> {
  const folder = await makeVolumeFolder(name);
  await mkdir(join(folder, "app"), { recursive: true });
  await copyInstallation(folder);
  await copyNpm(folder);
  return {
    folder,
    async write(path, text) {
      await makeOwned(folder, dirname(path));
      await writeFile(join(folder, path), text);
      await lchown(join(folder, path), agentUser, agentUser);
    },
    read: (path) => readFile(join(folder, path), "utf8"),
    async copyIn(from, path, entries) {
      await mkdir(join(folder, path), { recursive: true });
      for (const entry of entries) await cp(join(from, entry), join(folder, path, entry), { recursive: true });
    },
  };
}

/** Links where it can: the 60,000 files are on the same disk most of the time. */
async function copyInstallation(folder: string): Promise<void> {
  const from = join(paperclipDir, "node_modules");
  const manifest = join(from, "paperclipai", "package.json");
  const version = existsSync(manifest) ? JSON.parse(await readFile(manifest, "utf8")).version : "none";
  if (version !== paperclipVersion) {
    throw new Error(
      `Paperclip ${paperclipVersion} is not in ${paperclipDir} (found: ${version}): node scripts/paperclip/install.ts`,
    );
  }
  const to = join(folder, "app", "node_modules");
  await run("cp", ["-al", from, to]).catch(async () => {
    await rm(to, { recursive: true, force: true });
    await run("cp", ["-a", from, to]);
  });
}

/** An `npm` for Paperclip's PATH, as its own image has one. */
async function copyNpm(folder: string): Promise<void> {
  const installed = join(paperclipDir, "node_modules", "npm");
  const from = existsSync(installed) ? installed : await machinesNpm();
  const bin = join(folder, "app", "bin");
  await mkdir(bin, { recursive: true });
  await cp(from, join(folder, "app", "npm"), { recursive: true, dereference: true });
  await writeFile(join(bin, "npm"), '#!/bin/sh\nexec node /paperclip/app/npm/bin/npm-cli.js "$@"\n');
  await chmod(join(bin, "npm"), 0o755);
}

/** The folder of the package whose program `npm` is on this machine's PATH. */
async function machinesNpm(): Promise<string> {
  const programs = (process.env["PATH"] ?? "").split(":").map((folder) => join(folder, "npm"));
  const program = programs.find((candidate) => existsSync(candidate));
  if (program === undefined) throw new Error("npm is not on the PATH");
  return dirname(dirname(await realpath(program)));
}

async function makeOwned(root: string, path: string): Promise<void> {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const folder = join(root, ...parts.slice(0, depth));
    if (existsSync(folder)) continue;
    await mkdir(folder);
    await lchown(folder, agentUser, agentUser);
  }
}
