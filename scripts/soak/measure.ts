import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** What this process holds. */
export interface Held {
  heapMiB: number;
  files: number;
  /** Sockets, timers and the like that keep the process alive, by kind. */
  resources: Record<string, number>;
}

/** After a collection of garbage, where the process was started with --expose-gc. */
export async function measure(): Promise<Held> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await sleep(50);
  }
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return { heapMiB: Math.round(process.memoryUsage().heapUsed / 2 ** 20), files: openFiles(), resources };
}

function openFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0; // Only Linux tells.
  }
}

/** What is held at the end and was not at the start. */
export function leaks(base: Held, end: Held): string[] {
  const kinds = Object.keys(end.resources).filter(
    (kind) => (end.resources[kind] ?? 0) > (base.resources[kind] ?? 0) + 1 && kind !== "FSReqPromise",
  );
  return [
    ...kinds.map((kind) => `${kind}: ${base.resources[kind] ?? 0} before, ${end.resources[kind]} after`),
    ...(end.files > base.files + 3 ? [`files: ${base.files} before, ${end.files} after`] : []),
  ];
}

/** Memory is flat when its last third is no higher than its second, apart from noise: some runs are always on their way. */
export function grows(heaps: readonly number[], noiseMiB = 10): boolean {
  const third = Math.floor(heaps.length / 3);
  if (third === 0) return false;
  return median(heaps.slice(2 * third)) > median(heaps.slice(third, 2 * third)) + noiseMiB;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? 0;
}
