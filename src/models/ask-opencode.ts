import { execFile } from "node:child_process";
import { tmpdir } from "node:os";

/** Runs the OpenCode of this image with these arguments and gives its stdout. */
export type AskOpencode = (args: readonly string[]) => Promise<string>;

export interface AskOptions {
  /** Default `opencode`, found by PATH. */
  command?: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Default 20 s: listing takes 1 to 3 s with 1.18.33, longer when it fetches the catalogue first. */
  timeoutMs?: number;
}

/**
 * Keeps the question from leaving anything behind. Measured with 1.18.33: without OPENCODE_DB it makes a database in the
 * home directory, which is the shared volume; without OPENCODE_CONFIG_CONTENT it writes a config file where there is none.
 */
function quietEnv(env: AskOptions["env"]): NodeJS.ProcessEnv {
  return {
    ...env,
    OPENCODE_DB: ":memory:",
    OPENCODE_CONFIG_CONTENT: env.OPENCODE_CONFIG_CONTENT?.trim() || "{}",
    OPENCODE_DISABLE_PROJECT_CONFIG: "true",
    OPENCODE_DISABLE_AUTOUPDATE: "true",
  };
}

function explain(error: Error & { killed?: boolean; code?: unknown }, stderr: string, timeoutMs: number): string {
  if (error.code === "ENOENT") return "there is no opencode in this image";
  if (error.killed === true) return `no answer within ${Math.round(timeoutMs / 1000)} s`;
  const said = stderr.split("\n").find((line) => line.trim() !== "");
  return said?.trim() ?? error.message;
}

/** Asks by running the program, bounded in time and size. */
export function createAskOpencode(options: AskOptions): AskOpencode {
  const timeoutMs = options.timeoutMs ?? 20_000;
  const settings = {
    cwd: tmpdir(),
    env: quietEnv(options.env),
    timeout: timeoutMs,
    // OpenCode sometimes loses a TERM and runs on (seen with 1.18.33), and the answer waits for its end.
    killSignal: "SIGKILL",
    maxBuffer: 16 * 1024 * 1024,
  } as const;
  return (args) =>
    new Promise((resolve, reject) => {
      const child = execFile(options.command ?? "opencode", [...args], settings, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`opencode ${args.join(" ")}: ${explain(error, stderr, timeoutMs)}`, { cause: error }));
      });
      child.stdin?.end();
    });
}
