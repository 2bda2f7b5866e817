import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import launcher from "../../src/launcher/launcher.sh?raw";
import { LauncherOutput, type OutputEvent } from "../../src/launcher/launcher-output.ts";
import { createLineSplitter } from "../../src/lib/lines.ts";

/** The shells of this machine that the launcher must run under. */
export const shells = [["sh"], ["dash"], ["bash"], ["bash", "--posix"], ["busybox", "sh"]]
  .filter(([program = "", ...args]) => spawnSync(program, [...args, "-c", ":"]).status === 0)
  .map((shell) => ({ shell, name: shell.join(" ") }));

export interface Launch {
  /** An empty folder: of the run, its working directory and its database. */
  dir: string;
  shell: string[];
  script: string;
  env?: Record<string, string>;
  prompt?: string[];
  onLine?: (line: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs a script under the launcher, and reads its output as the adapter does. The nonce is "n0", the run "r1". */
export async function launch({ dir, shell, script, env = {}, prompt = ["hello"], onLine }: Launch) {
  const [program = "sh", ...args] = shell;
  const parts = Object.fromEntries(prompt.map((part, index) => [`OPENCODE_K8S_PROMPT_${index}`, part]));
  const child = spawn(program, [...args, "-c", launcher, "launcher", "sh", "-c", script], {
    env: {
      PATH: process.env["PATH"],
      OPENCODE_K8S_NONCE: "n0",
      OPENCODE_K8S_RUN_ID: "r1",
      OPENCODE_K8S_RUN_DIR: join(dir, "run"),
      OPENCODE_K8S_CWD: join(dir, "work"),
      OPENCODE_K8S_PROMPT_PARTS: String(prompt.length),
      OPENCODE_DB: join(dir, "run/db/opencode.db"),
      ...parts,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const output = new LauncherOutput("n0");
  const events: OutputEvent[] = [];
  const raw: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    const splitter = createLineSplitter();
    stream.on("data", (chunk: Buffer) => {
      for (const bytes of splitter.push(chunk)) {
        raw.push(bytes.toString());
        onLine?.(bytes.toString(), (signal) => child.kill(signal));
        events.push(...output.push([{ bytes }]));
      }
    });
  }
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  const texts = (kind: OutputEvent["kind"]) =>
    events.flatMap((event) => (event.kind === kind && "text" in event ? [event.text] : []));
  return { code, events, raw, stdout: texts("stdout"), stderr: texts("stderr"), said: texts("said") };
}
