import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { constants as osConstants } from "node:os";
import { join } from "node:path";
import type { ContainerLog } from "./container-log.ts";
import { killGroup, type Reaper, signalFirst } from "./process-tree.ts";

export interface ProcessPlan {
  id: string;
  command: string[];
  env: Record<string, string>;
  /** Made when it is missing, as the container runtime does. */
  workingDir: string;
  log: ContainerLog;
  reaper: Reaper;
}

export interface ContainerProcess {
  /** The exit code, or 128 plus the signal's number; resolves when all output is in the log. */
  readonly ended: Promise<number>;
  /** TERM now, KILL after the time; at once when it is 0. */
  stop(graceMs: number): void;
  kill(): void;
}

/** What the container runtime says when a command cannot be started (seen with containerd 2 and runc). */
export class StartError extends Error {
  override readonly name = "StartError";

  constructor(why: string) {
    super(
      `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${why}: unknown`,
    );
  }
}

/** Starts a container's command in a process group of its own. Throws `StartError`. */
export function startProcess({ id, command, env, workingDir, log, reaper }: ProcessPlan): ContainerProcess {
  const [program = "", ...args] = command;
  const file = findProgram(program, env["PATH"] ?? "");
  mkdirSync(workingDir, { recursive: true });
  const child = spawn(file, args, {
    argv0: program,
    cwd: workingDir,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.on("data", (chunk: Buffer) => log.write("stdout", chunk));
  child.stderr.on("data", (chunk: Buffer) => log.write("stderr", chunk));
  let killTimer: NodeJS.Timeout | undefined;

  const kill = () => {
    if (child.pid !== undefined) killGroup(child.pid);
    reaper.reap(id);
  };
  const ended = exitOf(child, kill).then((code) => {
    clearTimeout(killTimer);
    log.end();
    return code;
  });

  return {
    ended,
    kill,
    stop(graceMs) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      clearTimeout(killTimer);
      if (graceMs <= 0) return kill();
      signalFirst(child.pid, "SIGTERM");
      killTimer = setTimeout(kill, graceMs);
    },
  };
}

/** Runs a program beside the container's own, without a log. Resolves to its exit code; 127 where there is none. */
export function runProgram(
  [program = "", ...args]: readonly string[],
  { env, workingDir }: Pick<ProcessPlan, "env" | "workingDir">,
): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: workingDir, env, stdio: "ignore" });
    child.once("error", () => resolve(127));
    child.once("exit", (code) => resolve(code ?? 137));
  });
}

/** A process outside the container's group can hold its output open; it is killed, and this bounds what remains. */
const closeBoundMs = 2_000;

function exitOf(child: ChildProcess, killRest: () => void): Promise<number> {
  return new Promise((resolve) => {
    let bound: NodeJS.Timeout | undefined;
    const settle = (code: number) => {
      clearTimeout(bound);
      resolve(code);
    };
    child.once("error", () => settle(128));
    child.once("exit", (code, signal) => {
      const result = code ?? 128 + (signal ? osConstants.signals[signal] : 0);
      killRest();
      bound = setTimeout(() => settle(result), closeBoundMs);
      child.once("close", () => settle(result));
    });
  });
}

function findProgram(program: string, path: string): string {
  if (program.includes("/")) {
    if (!exists(program)) throw new StartError(`exec: "${program}": stat ${program}: no such file or directory`);
    if (!isExecutable(program)) throw new StartError(`exec: "${program}": permission denied`);
    return program;
  }
  const found = path
    .split(":")
    .map((folder) => join(folder, program))
    .find(isExecutable);
  if (found === undefined) throw new StartError(`exec: "${program}": executable file not found in $PATH`);
  return found;
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
