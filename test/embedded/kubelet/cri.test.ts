import { describe, expect, test } from "vitest";
import { createCriEncoder } from "./cri-encoder.ts";
import { createCriRenderer, type RenderOptions, tailStart } from "./cri-renderer.ts";

/** Stamps count up, one nanosecond a record. */
function clock() {
  let count = 0;
  return () => `2026-01-01T00:00:00.${String(count++).padStart(9, "0")}Z`;
}

function encode(chunks: string[]): string {
  const encoder = createCriEncoder("stdout", clock());
  return Buffer.concat([...chunks.map((chunk) => encoder.push(Buffer.from(chunk))), encoder.end()]).toString();
}

function render(file: string, options: Partial<RenderOptions> = {}): string {
  return createCriRenderer({ timestamps: false, ...options })
    .push(Buffer.from(file))
    .toString();
}

const at = (second: number) => `2026-01-01T00:00:0${second}.500000000Z`;
const tags = (file: string) => [...file.matchAll(/ stdout ([PF]) /g)].map(([, tag]) => tag).join("");

describe("the container runtime's log", () => {
  test("each line is a record, whatever the chunks it came in", () => {
    const whole = encode(["one\ntwo\n"]);
    expect(encode(["o", "ne\ntw", "o\n"])).toBe(whole);
    expect(whole).toBe("2026-01-01T00:00:00.000000000Z stdout F one\n2026-01-01T00:00:00.000000001Z stdout F two\n");
  });

  test("a last line without a newline is a part", () => {
    expect(tags(encode(["whole\ntorn"]))).toBe("FP");
    expect(encode(["\n"])).toBe("2026-01-01T00:00:00.000000000Z stdout F \n");
  });

  test("a line over 16384 bytes is split, one of 16384 is not", () => {
    expect(tags(encode([`${"x".repeat(16_384)}\n`]))).toBe("F");
    expect(tags(encode([`${"x".repeat(16_385)}\n`]))).toBe("PF");
    expect(tags(encode([`${"x".repeat(40_000)}\n`]))).toBe("PPF");
  });

  test("an unfinished line shows its first part only after 20480 bytes", () => {
    const encoder = createCriEncoder("stdout", clock());
    expect(encoder.push(Buffer.from("x".repeat(20_479)))).toHaveLength(0);
    expect(tags(encoder.push(Buffer.from("x")).toString())).toBe("P");
  });
});

describe("kubelet's reading of it", () => {
  test("parts are joined under the first one's timestamp", () => {
    const file = `${at(1)} stdout P abc\n${at(2)} stdout F def\n${at(3)} stdout F next\n`;
    expect(render(file, { timestamps: true })).toBe(`${at(1)} abcdef\n${at(3)} next\n`);
  });

  test("a record of the other stream is glued to a part, without a timestamp", () => {
    const file = `${at(1)} stdout P abc\n${at(2)} stderr F err\n${at(3)} stdout F def\n`;
    expect(render(file, { timestamps: true })).toBe(`${at(1)} abcerr\n${at(3)} def\n`);
  });

  test("since filters record by record: a resumed long line begins with its tail", () => {
    const file = `${at(1)} stdout P abc\n${at(2)} stdout F def\n${at(3)} stdout F next\n`;
    const since = "2026-01-01T00:00:02.000000000Z";
    expect(render(file, { since })).toBe("def\nnext\n");
    // The part before it left the flag down, so the tail has no timestamp.
    expect(render(file, { since, timestamps: true })).toBe(`def\n${at(3)} next\n`);
  });

  test("any cut of the file gives the same text", () => {
    const file = Buffer.from(`${at(1)} stdout P ä\n${at(2)} stdout F b\n${at(3)} stderr F c d\n`);
    for (let cut = 0; cut <= file.length; cut++) {
      const renderer = createCriRenderer({ timestamps: true });
      const text = Buffer.concat([renderer.push(file.subarray(0, cut)), renderer.push(file.subarray(cut))]).toString();
      expect(text).toBe(`${at(1)} äb\n${at(3)} c d\n`);
    }
  });

  test("a limit of bytes cuts in the middle, timestamps count", () => {
    expect(render(`${at(1)} stdout F hello\n`, { limitBytes: 3 })).toBe("hel");
    expect(render(`${at(1)} stdout F hello\n`, { limitBytes: 33, timestamps: true })).toBe(`${at(1)} he`);
  });

  test("a tail counts records from the end", () => {
    const file = Buffer.from("a\nb\nc\n");
    expect([0, 1, 2, 3, 9].map((count) => file.subarray(tailStart(file, count)).toString())).toEqual([
      "",
      "c\n",
      "b\nc\n",
      "a\nb\nc\n",
      "a\nb\nc\n",
    ]);
  });

  test("what is no record is skipped", () => {
    expect(render(`garbage\n${at(1)} stdout F kept\n`)).toBe("kept\n");
  });
});
