import { readdirSync, readFileSync } from "node:fs";

/** Marks every process of a container, also those that left its process group. */
export const containerMark = "EMBEDDED_CONTAINER_ID";

/** Ends processes that outlive their container's first one, as the kernel does with a PID namespace. */
export interface Reaper {
  /** Soon, together with others: one walk over all processes costs milliseconds. */
  reap(containerId: string): void;
  reapNow(containerIds: readonly string[]): void;
}

const reapAfterMs = 15;

export function createReaper(): Reaper {
  const waiting = new Set<string>();

  function reapNow(ids: readonly string[]): void {
    if (ids.length === 0) return;
    const marks = new Set(ids.map((id) => `${containerMark}=${id}`));
    for (const pid of processIds()) {
      if (environmentOf(pid).some((entry) => marks.has(entry))) kill(pid, "SIGKILL");
    }
  }

  return {
    reapNow,
    reap(id) {
      waiting.add(id);
      if (waiting.size > 1) return;
      setTimeout(() => {
        const ids = [...waiting];
        waiting.clear();
        reapNow(ids);
      }, reapAfterMs);
    },
  };
}

/**
 * Sends a signal as a container's first process gets it: the kernel drops a signal that this process has no handler
 * for (Linux: SIGNAL_UNKILLABLE), so a plain `sleep` outlives TERM. Without /proc the signal is sent as it is.
 */
export function signalFirst(pid: number, signal: "SIGTERM"): void {
  const caught = caughtSignals(pid);
  const bit = 1n << 14n; // SIGTERM is 15, the mask begins with 1.
  if (caught === undefined || (caught & bit) !== 0n) kill(pid, signal);
}

/** The process group that a container's first process leads. */
export function killGroup(pid: number): void {
  kill(-pid, "SIGKILL");
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

function processIds(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => pid !== process.pid);
  } catch {
    return []; // No /proc on this system: the process group is all that is known.
  }
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
  } catch {
    return []; // Ended in the meantime, or another user's.
  }
}

function caughtSignals(pid: number): bigint | undefined {
  try {
    const mask = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return mask === undefined ? undefined : BigInt(`0x${mask}`);
  } catch {
    return undefined;
  }
}
