import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { createCriEncoder, type LogStreamName } from "./cri-encoder.ts";
import { formatNanos, type NodeClock } from "./node-clock.ts";

/** One container's log: a CRI file on disk, its rotated forerunners, and news for those who follow it. */
export interface ContainerLog {
  readonly file: string;
  /** Counts the files; a follower that sees a new number opens the current file from its start. */
  readonly generation: number;
  /** The container is gone and everything it wrote is in the file. */
  readonly ended: boolean;
  write(stream: LogStreamName, chunk: Buffer): void;
  /** As the container runtime's rotation: only what is written later stands in the current file. */
  rotate(): void;
  end(): void;
  remove(): void;
  /** Counts writes, rotations and the end. */
  readonly changes: number;
  /** Resolves when `changes` has passed this count, or when the signal fires. */
  changedSince(changes: number, signal: AbortSignal): Promise<void>;
}

export interface LogLimits {
  maxBytes: number;
  maxFiles: number;
}

export function createContainerLog(file: string, clock: NodeClock, limits: LogLimits): ContainerLog {
  const now = () => formatNanos(clock.nowNs());
  const encoders = { stdout: createCriEncoder("stdout", now), stderr: createCriEncoder("stderr", now) };
  const listeners = new Set<() => void>();
  let changes = 0;
  mkdirSync(dirname(file), { recursive: true });
  let descriptor = openSync(file, "a");
  let bytes = 0;
  let generation = 0;
  let ended = false;

  const tell = () => {
    changes += 1;
    for (const listener of [...listeners]) listener();
  };

  function append(records: Buffer): void {
    if (records.length === 0 || ended) return;
    writeSync(descriptor, records);
    bytes += records.length;
    tell();
    if (bytes >= limits.maxBytes) rotate();
  }

  function rotate(): void {
    if (ended) return;
    closeSync(descriptor);
    renameSync(file, `${file}.${now().replace(/[^0-9]/g, "")}`);
    removeOldest(file, limits.maxFiles - 1);
    descriptor = openSync(file, "a");
    bytes = 0;
    generation += 1;
    tell();
  }

  function end(): void {
    if (ended) return;
    append(encoders.stdout.end());
    append(encoders.stderr.end());
    ended = true;
    closeSync(descriptor);
    tell();
  }

  return {
    file,
    get generation() {
      return generation;
    },
    get ended() {
      return ended;
    },
    write: (stream, chunk) => append(encoders[stream].push(chunk)),
    rotate,
    end,
    remove() {
      end();
      rmSync(dirname(file), { recursive: true, force: true });
    },
    get changes() {
      return changes;
    },
    changedSince(known, signal) {
      if (changes !== known || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const done = () => {
          listeners.delete(done);
          signal.removeEventListener("abort", done);
          resolve();
        };
        listeners.add(done);
        signal.addEventListener("abort", done);
      });
    },
  };
}

function removeOldest(file: string, keep: number): void {
  const folder = dirname(file);
  const prefix = `${file.slice(folder.length + 1)}.`;
  const rotated = readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .sort();
  for (const name of rotated.slice(0, Math.max(0, rotated.length - keep))) rmSync(join(folder, name), { force: true });
}
