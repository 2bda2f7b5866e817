import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export const root = join(import.meta.dirname, "../..");
export const entry = join(root, "dist/index.js");
export const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const run = promisify(execFile);

/** The built entry alone in a folder, where nothing of ours can be found beside it. */
export function copyEntry(): string {
  const copy = join(mkdtempSync(join(tmpdir(), "dist-")), "index.mjs");
  copyFileSync(entry, copy);
  return copy;
}

/** Runs a module in a process of its own, with an empty environment, and reads what it prints as JSON. */
export async function inCleanProcess(code: string): Promise<unknown> {
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: tmpdir(),
    env: {},
    timeout: 50_000,
  });
  return JSON.parse(stdout);
}
