import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The real OpenCode of this repository's development dependencies. */
const opencodeBinary = fileURLToPath(new URL("../../node_modules/.bin/opencode", import.meta.url));

/** Settings that keep OpenCode 1.18.33 off the network; see README.md beside this file. */
export const offlineEnv: Readonly<Record<string, string>> = {
  OPENCODE_DISABLE_MODELS_FETCH: "true",
  OPENCODE_DISABLE_AUTOUPDATE: "true",
  OPENCODE_DISABLE_DEFAULT_PLUGINS: "true",
  OPENCODE_DISABLE_LSP_DOWNLOAD: "true",
  OPENCODE_DISABLE_SHARE: "true",
  OPENCODE_DISABLE_PROJECT_CONFIG: "true",
};

/** A home and a working directory of their own for OpenCode. */
export interface OpencodeHome {
  root: string;
  home: string;
  work: string;
  remove(): Promise<void>;
}

export async function createOpencodeHome(): Promise<OpencodeHome> {
  const root = await mkdtemp(join(tmpdir(), "opencode-"));
  const home = join(root, "home");
  const work = join(root, "work");
  await mkdir(home);
  await mkdir(work);
  return { root, home, work, remove: () => rm(root, { recursive: true, force: true }) };
}

export interface OpencodeRun {
  home: OpencodeHome;
  /** Everything after `opencode`. */
  args: readonly string[];
  /** Goes into OPENCODE_CONFIG_CONTENT. */
  config?: object;
  env?: Readonly<Record<string, string>>;
  stdin?: string;
  /** Ended after this; default 60 s. */
  timeoutMs?: number;
}

export interface OpencodeOutput {
  stdout: string;
  stderr: string;
  exitCode: number | null;
  signal: string | null;
  ms: number;
  /** Milliseconds from the start to the first byte of stdout. */
  firstByteMs?: number;
}

/** Runs the real OpenCode to its end, with nothing of this machine's own settings. */
export function runOpencode(run: OpencodeRun): Promise<OpencodeOutput> {
  const env = {
    PATH: process.env.PATH,
    HOME: run.home.home,
    ...offlineEnv,
    ...(run.config ? { OPENCODE_CONFIG_CONTENT: JSON.stringify(run.config) } : {}),
    ...run.env,
  };
  const start = performance.now();
  const child = spawn(opencodeBinary, run.args, { cwd: run.home.work, env, stdio: "pipe" });
  const output: OpencodeOutput = { stdout: "", stderr: "", exitCode: null, signal: null, ms: 0 };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.firstByteMs ??= Math.round(performance.now() - start);
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  child.stdin.on("error", () => {}); // it may end without reading its input
  child.stdin.end(run.stdin ?? "");
  // The first TERM may be swallowed (1.18.33), the second is not.
  const timeoutMs = run.timeoutMs ?? 60_000;
  const timers = [0, 1_000].map((after) => setTimeout(() => child.kill("SIGTERM"), timeoutMs + after));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, signal) => {
      for (const timer of timers) clearTimeout(timer);
      resolve({ ...output, exitCode, signal, ms: Math.round(performance.now() - start) });
    });
  });
}
