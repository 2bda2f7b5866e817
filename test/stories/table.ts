import { readFileSync } from "node:fs";
import type { Woken, World } from "../world/world.ts";

/** One line of docs/endings.md: what went wrong, what the user sees of it, and what it cost. */
export interface Row {
  group: string;
  fault: string;
  code: string;
  message: string;
  lost: string;
  repeated: string;
  left: string;
}

/** A row as `endings.json` keeps it, with the worlds in which its story is played. */
export type KeptRow = Row & { worlds: World["kind"][] };

/** A row as a story has just played it. */
export type PlayedRow = Row & { world: World["kind"] };

/** The rows of `endings.json`, in the order of the page. */
export function keptRows(): KeptRow[] {
  return JSON.parse(readFileSync(new URL("./endings.json", import.meta.url), "utf8")) as KeptRow[];
}

export function isSameStory(left: Row, right: Row): boolean {
  return left.group === right.group && left.fault === right.fault;
}

/** The numbers that the agent printed, as they stand in the run's log. */
export function numbersOf({ stdout }: Pick<Woken, "stdout">): number[] {
  return stdout.flatMap((line) => (/"text":"seq=(\d+) /.exec(line)?.[1] ?? "").match(/\d+/g) ?? []).map(Number);
}

/** Numbers that are missing below the largest, and numbers that stand there twice. */
export function judge(numbers: readonly number[]): { lost: number; repeated: number; ordered: boolean } {
  const once = new Set(numbers);
  const largest = Math.max(-1, ...numbers);
  return {
    lost: largest + 1 - once.size,
    repeated: numbers.length - once.size,
    ordered: numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? -1)),
  };
}
