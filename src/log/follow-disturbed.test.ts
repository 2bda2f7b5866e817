import { describe, expect, test } from "vitest";
import { follow } from "../../test/support/log/follow.ts";
import { type Answer, line, phases } from "../../test/support/log/scripted-log.ts";
import type { LogEvent } from "./following.ts";

const two = [line(0, "a"), line(1, "b")];
const complete = { kind: "end", complete: true, why: "read to the end" };

describe("a disturbed connection at a log's start", { timeout: 20_000 }, () => {
  const short = { wholeFileBytes: 65_536 };
  const events = (found: { events: LogEvent[] }, kind: LogEvent["kind"]) =>
    found.events.filter((each) => each.kind === kind);

  test("a short log is resumed from its start: nothing can be hidden, and its end mark ends it at once", async () => {
    let seen = false;
    const found = await follow({
      answers: [
        { chunks: two, after: "break" },
        { chunks: [...two, line(2, "end")], after: "silence" },
        { hang: true },
      ],
      phase: phases("running"),
      limits: short,
      concluded: () => seen,
      onEvent: (event) => {
        seen ||= event.kind === "lines" && event.lines.some(({ bytes }) => bytes.toString() === "end");
      },
    });
    expect(found.lines).toEqual(["a", "b", "end"]);
    expect(found.requests.map(({ sinceTime }) => sinceTime)).toEqual([undefined, undefined]);
    expect(found.events.at(-1)).toMatchObject({ kind: "end", complete: true });
  });

  test("where the connection does not bear even that, it is resumed from a time on", async () => {
    const found = await follow({
      answers: [
        { chunks: two, after: "break" },
        ...Array.from({ length: 3 }, (): Answer => ({ after: "break" })),
        { chunks: two },
      ],
      phase: phases("running", "running", "running", "running", "running", "terminated"),
      limits: short,
    });
    expect(found.requests.slice(0, 5).map(({ sinceTime }) => sinceTime)).toEqual([
      ...Array.from({ length: 3 }, () => undefined),
      expect.any(String),
      expect.any(String),
    ]);
  });

  test("what a silent stream may have hidden is still asked for when the next one is refused", async () => {
    const found = await follow({
      answers: [
        { chunks: two },
        { chunks: two, after: "silence" },
        { status: 503 },
        { after: "break" },
        { chunks: [...two, line(-9, "hidden")] },
      ],
      phase: phases("running", "running", "running", "running", "running", "running", "terminated"),
      limits: { idleMs: 100 },
    });
    expect(found.requests.slice(0, 5).map(({ sinceTime }) => sinceTime !== undefined)).toEqual([
      false,
      true,
      false,
      false,
      false,
    ]);
    expect(found.lines).toEqual(["a", "b", "hidden"]);
  });

  test("a finished container's body that is cut before its first byte is neither an end nor a gap", async () => {
    const found = await follow({
      answers: [{ chunks: two, after: "break" }, {}, {}, { chunks: [...two, line(2, "c")] }],
      phase: phases("running", "terminated"),
    });
    expect(events(found, "gap")).toEqual([]);
    expect(found.lines).toEqual(["a", "b", "c"]);
    expect(found.events.at(-1)).toEqual(complete);
  });

  test("a finished container that printed nothing is read to its end", async () => {
    const found = await follow({ answers: [{}], phase: phases("terminated") });
    expect(found.events).toEqual([complete]);
    expect(found.requests).toHaveLength(4);
  });

  test("after the end mark one reading of the file is enough, and one that stalls is tried again", async () => {
    let seen = false;
    const whole = [...two, line(9, "end")];
    const found = await follow({
      answers: [
        { chunks: two },
        { chunks: whole, after: "silence" },
        { hang: true },
        { chunks: whole, after: "silence" },
      ],
      phase: phases("running"),
      limits: { idleMs: 200 },
      concluded: () => seen,
      onEvent: (event) => {
        seen ||= event.kind === "lines" && event.lines.some(({ bytes }) => bytes.toString() === "end");
      },
    });
    expect(found.requests).toHaveLength(4);
    expect(found.events.at(-1)).toEqual(complete);
  });

  test("connections that bring something before they break are opened again soon", async () => {
    const lines = Array.from({ length: 12 }, (_, second) => line(second, String(second)));
    const answers = lines.map((_, index): Answer => ({ chunks: lines.slice(0, index + 1), after: "break" }));
    const found = await follow({
      answers: [...answers, { chunks: lines }],
      phase: phases(...lines.map(() => "running" as const), "terminated"),
      limits: { ...short, firstRetryMs: 10, lastRetryMs: 60_000 },
    });
    const waits = found.requests.slice(1, 12).map(({ atMs }, index) => atMs - (found.requests[index]?.atMs ?? 0));
    expect(Math.max(...waits)).toBeLessThan(150);
    expect(found.lines).toHaveLength(12);
  });
});
