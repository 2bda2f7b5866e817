import { describe, expect, test } from "vitest";
import { type LogRecord, ModelLog, ModelStream } from "../../test/support/log/kubelet-model.ts";
import { type Random, seeded } from "../../test/support/log/random.ts";
import { LauncherOutput, type OutputEvent } from "../launcher/launcher-output.ts";
import { LogReader } from "./log-reader.ts";

const runs = 1_500;
const firstSeed = Number(process.env["LOG_SEED"] ?? Date.now() % 1_000_000);
/** containerd's is 16384; the launcher's pieces, 15000 there, keep below it. */
const recordLimit = 40;
const pieceLimit = 16;
const mark = "@n0:";

/** As containerd writes one stream: longer lines in parts, a last line without a newline as a part. */
function recordsOf(bytes: Buffer): LogRecord[] {
  const records: LogRecord[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(0x0a, from);
    const line = bytes.subarray(from, end === -1 ? bytes.length : end);
    const partial = line.length > recordLimit || end === -1;
    const content = line.subarray(0, recordLimit);
    records.push({ ns: 0n, partial, content });
    from += content.length + (partial ? 0 : 1);
  }
  return records;
}

function randomLine(random: Random): string {
  const text = Array.from({ length: random.pick([0, 1, 5, 30, 200]) }, () =>
    random.pick(["a", "\u00e4", "\u20ac", "\u{1f600}", "{", "@n"]),
  );
  return text.join("");
}

/** One stderr line as the launcher writes it: pieces that may cut a character. */
function marked(line: string, random: Random): Buffer {
  const bytes = Buffer.from(line);
  const out: Buffer[] = [];
  let from = 0;
  for (; bytes.length - from > pieceLimit; from += pieceLimit) {
    out.push(Buffer.from(`${mark}p `), bytes.subarray(from, from + pieceLimit), Buffer.from("\n"));
    if (random.chance(0.1)) out.push(Buffer.from(`${mark}beat\n`));
  }
  return Buffer.concat([...out, Buffer.from(`${mark}e `), bytes.subarray(from), Buffer.from("\n")]);
}

/** The records of both streams in any order that keeps each stream's own. */
function interleave(streams: LogRecord[][], random: Random): LogRecord[] {
  const mixed: LogRecord[] = [];
  const left = streams.map((records) => [...records]);
  while (left.some(({ length }) => length > 0)) {
    const next = random.pick(left.filter(({ length }) => length > 0)).shift() as LogRecord;
    mixed.push({ ...next, ns: BigInt(1_750_000_000_000_000_000) + BigInt(mixed.length) });
  }
  return mixed;
}

function played(seed: number) {
  const random = seeded(seed);
  const lines = () => Array.from({ length: random.int(20) }, () => randomLine(random));
  const [stdout, stderr] = [lines(), lines()];
  // The end mark itself is not cut: stderr was complete before it was written.
  const unended = random.chance(0.5) && Buffer.byteLength(stdout.at(-1) ?? "") % recordLimit < 25 && stdout.at(-1);
  const out = Buffer.from(`${mark}start 1\n${stdout.map((line) => `${line}\n`).join("")}`);
  const err = Buffer.concat([...stderr.map((line) => marked(line, random)), Buffer.from(`${mark}done\n`)]);
  const end = Buffer.from(`${mark}end ${random.int(200)}\n`);
  const log = new ModelLog();
  const whole = Buffer.concat([unended ? out.subarray(0, -1) : out, end]);
  for (const record of interleave([recordsOf(whole), recordsOf(err)], random)) log.append(record);
  const reader = new LogReader();
  reader.open();
  const { lines: read } = reader.push(new ModelStream(log).read());
  const output = new LauncherOutput("n0");
  const events: OutputEvent[] = [];
  for (let from = 0; from < read.length; ) {
    const count = 1 + random.int(5);
    events.push(...output.push(read.slice(from, from + count)));
    from += count;
  }
  return { stdout, stderr, events };
}

describe("what kubelet glues together is told apart", { timeout: 30_000 }, () => {
  test(`${runs} random interleavings, seeds from ${firstSeed}`, () => {
    for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
      const { stdout, stderr, events } = played(seed);
      const texts = (kind: OutputEvent["kind"]) =>
        events.flatMap((event) => (event.kind === kind && "text" in event ? [event.text] : []));
      expect(texts("stdout"), `stdout, seed ${seed}`).toEqual(stdout);
      expect(texts("stderr"), `stderr, seed ${seed}`).toEqual(stderr);
      expect(events.at(-1)?.kind, `end, seed ${seed}`).toBe("ended");
      expect(events.filter(({ kind }) => kind === "started")).toHaveLength(1);
    }
  });
});
