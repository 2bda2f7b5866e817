import type { LogRecord } from "./kubelet-model.ts";
import type { Random } from "./random.ts";

/** What a container writes, as the container runtime records it. */
export interface Workload {
  name: string;
  /** Whole batches of records with one time, and texts from a handful. */
  equal?: boolean;
  /** Two streams whose records stand up to 0.9 s out of the order of their times. */
  outOfOrder?: boolean;
  /** Lines longer than a record; the other stream's records may come between their parts. */
  split?: boolean;
  /** Seconds by which the node's clock steps, once. */
  clockStep?: number;
}

export const workloads: readonly Workload[] = [
  { name: "sequential" },
  { name: "equal times, repeated text", equal: true },
  { name: "stdout/stderr out of order", outOfOrder: true },
  { name: "split long lines", split: true },
  { name: "split and out of order", split: true, outOfOrder: true },
  { name: "all of these", equal: true, outOfOrder: true, split: true },
  { name: "node clock -30 s", clockStep: -30 },
  { name: "node clock +30 s", clockStep: 30 },
  { name: "all, node clock -30 s", equal: true, outOfOrder: true, split: true, clockStep: -30 },
];

const startNs = 1_750_000_000_000_000_000n;
const texts = ["", "x", "same", "{}", "a much longer line than the others"];

export function writeRecords(workload: Workload, count: number, random: Random): LogRecord[] {
  const writer = new Writer(workload, random);
  const stepAt = workload.clockStep === undefined ? -1 : random.int(count);
  for (let line = 0; line < count; line++) {
    if (line === stepAt) writer.step(workload.clockStep ?? 0);
    // A clock that stepped back may come as far again while the container lives.
    if (stepAt >= 0 && line === stepAt + 10 && random.chance(0.5)) writer.step(31);
    writer.line(line);
  }
  if (random.chance(0.3)) writer.write(true, "the end has no newline");
  return writer.records;
}

class Writer {
  readonly records: LogRecord[] = [];
  readonly #workload: Workload;
  readonly #random: Random;
  readonly #stepNs: number;
  #clock: bigint;

  constructor(workload: Workload, random: Random) {
    this.#workload = workload;
    this.#random = random;
    this.#stepNs = random.pick([1, 20, 150, 1000]) * 1_000_000;
    this.#clock = startNs + BigInt(random.int(1_000_000_000));
  }

  step(seconds: number): void {
    this.#clock += BigInt(seconds) * 1_000_000_000n;
  }

  line(number: number): void {
    const { equal, split } = this.#workload;
    if (!equal || this.#random.chance(0.3)) this.#pass(2);
    const parts = split && this.#random.chance(0.3) ? 1 + this.#random.int(4) : 0;
    for (let part = 0; part < parts; part++) {
      this.write(true, `part ${part} of ${number}: ${"p".repeat(20)};`);
      if (this.#random.chance(0.5)) this.#pass(3);
      if (this.#random.chance(0.2)) this.write(false, `err ${number}`);
    }
    this.write(false, equal && this.#random.chance(0.7) ? this.#random.pick(texts) : `line ${number} \u00e4\u20ac`);
  }

  write(partial: boolean, text: string): void {
    const early = this.#workload.outOfOrder ? BigInt(this.#random.int(900_000_000)) : 0n;
    if (!this.#workload.equal) this.#clock += 1n;
    this.records.push({ ns: this.#clock - early, partial, content: Buffer.from(text) });
  }

  #pass(most: number): void {
    this.#clock += BigInt(this.#random.int(most * this.#stepNs) + 1);
  }
}
