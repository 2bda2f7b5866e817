import { appendFileSync } from "node:fs";
import type { Woken } from "../world/world.ts";

/** One line of docs/endings.md: what went wrong, what the user sees of it, and what it cost. */
export interface Row {
  group: string;
  fault: string;
  world: string;
  code: string;
  message: string;
  lost: string;
  repeated: string;
  left: string;
}

/** The file that rows are appended to, one JSON object a line; without it nothing is written. */
const file = process.env["ENDINGS_ROWS"];

export function writeRow(row: Row): void {
  if (file) appendFileSync(file, `${JSON.stringify(row)}\n`);
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
