import { describe, expect, test } from "vitest";
import { follow, limits, pod } from "../../test/support/log/follow.ts";
import { line, phases, scriptedLog } from "../../test/support/log/scripted-log.ts";
import { followLog } from "./follow-log.ts";
import type { LogEvent } from "./following.ts";

const two = [line(0, "a"), line(1, "b")];
const complete = { kind: "end", complete: true, why: "read to the end" };

describe("following a log", { timeout: 20_000 }, () => {
  test("an end while the container runs is not the end", async () => {
    const { lines, why, requests, events } = await follow({
      answers: [{ chunks: two }, { chunks: [...two, line(2, "c")] }, { chunks: [...two, line(2, "c")] }],
      phase: phases("running", "running", "terminated"),
    });
    expect(lines).toEqual(["a", "b", "c"]);
    expect(why).toEqual([]);
    expect(requests.map(({ follow, sinceTime }) => [follow, sinceTime])).toEqual([
      [true, undefined],
      [true, "2025-06-15T15:06:38Z"],
      [false, undefined],
      [false, undefined],
    ]);
    expect(events.at(-1)).toEqual(complete);
  });

  test("kubelet's words in the place of a line are told as a reason, not as output", async () => {
    const words = "unable to retrieve container logs for containerd://1";
    const { lines, why, events } = await follow({
      answers: [{ chunks: [words] }, { chunks: [...two, words], after: "break" }, { chunks: two }],
      phase: phases("running", "running", "terminated"),
    });
    expect(lines).toEqual(["a", "b"]);
    expect(why).toEqual([words, "other side closed"]);
    expect(events.at(-1)).toEqual(complete);
  });

  test("a server that leaves timestamps out is told as such, and is not collected without end", async () => {
    const { lines, why, events } = await follow({
      answers: [{ chunks: Array.from({ length: 40 }, () => `${"x".repeat(10_000)}\n`) }],
      phase: phases("terminated"),
    });
    expect(lines).toEqual([]);
    expect(why[0]).toMatch(/^its lines have no timestamps: x+/);
    expect(why[0]?.length).toBeLessThan(300);
    expect(events.at(-1)).toMatchObject({ kind: "end", complete: false });
  });

  test("a finished container whose log cannot be read is not complete", async () => {
    const { events, requests } = await follow({
      answers: [{ chunks: ["unable to retrieve container logs"] }],
      phase: phases("terminated"),
    });
    expect(events.at(-1)).toMatchObject({ kind: "end", complete: false });
    expect(requests.length).toBe(8);
  });

  test("a last line without a newline counts when it is read twice", async () => {
    const torn = line(2, "tail of a lost connection").slice(0, -1);
    const { lines } = await follow({
      answers: [{ chunks: [...two, torn.slice(0, -9)] }, { chunks: [...two, torn] }],
      phase: phases("terminated"),
    });
    expect(lines).toEqual(["a", "b", "tail of a lost connection"]);
  });

  test("a silent stream is opened anew, and shows the whole file", async () => {
    const { lines, why, requests } = await follow({
      answers: [
        { chunks: two, after: "break" },
        { chunks: two, after: "silence" },
        { chunks: [...two, line(-5, "written after the clock stepped back")], after: "end" },
      ],
      phase: phases("running", "running", "running", "terminated"),
      limits: { idleMs: 100 },
    });
    expect(lines).toEqual(["a", "b", "written after the clock stepped back"]);
    expect(why).toEqual(["other side closed", "nothing was heard for 0 s"]);
    expect(requests.slice(0, 3).map(({ sinceTime }) => sinceTime)).toEqual([
      undefined,
      "2025-06-15T15:06:38Z",
      undefined,
    ]);
  });

  test("a replay that stands still at its start and in its middle is no gap", async () => {
    const { lines, events } = await follow({
      answers: [
        { chunks: two, after: "break" },
        { chunks: [...two, line(2, "c")], delayMs: 300 },
        { chunks: [...two, line(2, "c")] },
      ],
      phase: phases("running", "running", "running", "terminated"),
      limits: { idleMs: 450 },
    });
    expect(lines).toEqual(["a", "b", "c"]);
    expect(events.filter(({ kind }) => kind === "gap" || kind === "late")).toEqual([]);
  });

  test("a stream that stands still is left when the container is known to have ended, and the file read to its end", async () => {
    const ended = new AbortController();
    setTimeout(() => ended.abort(new Error("the container has ended")), 100);
    const { lines, why, events } = await follow({
      answers: [{ chunks: two, after: "silence" }, { chunks: [...two, line(2, "c")] }],
      phase: phases("running", "terminated"),
      limits: { idleMs: 60_000 },
      stopWaiting: ended.signal,
    });
    expect(lines).toEqual(["a", "b", "c"]);
    expect(why).toEqual(["the container has ended"]);
    expect(events.at(-1)).toEqual(complete);
  });

  test("a resumed stream that stays silent after the container's end is left", async () => {
    const { why, lines, requests, events } = await follow({
      answers: [{ chunks: two }, { chunks: two, after: "silence" }, { chunks: [...two, line(2, "c")] }],
      phase: phases("running", "running", "terminated"),
      limits: { idleMs: 2_000 },
    });
    expect(lines).toEqual(["a", "b", "c"]);
    expect(why).toEqual([]);
    expect(requests.length).toBe(4);
    expect(events.at(-1)).toEqual(complete);
  });

  test("a busy reader is not a silent stream", async () => {
    const { why, lines } = await follow({
      answers: [{ chunks: two, after: "end" }],
      phase: phases("running", "terminated"),
      limits: { idleMs: 50 },
      onEvent: () => new Promise((resolve) => setTimeout(resolve, 150)),
    });
    expect(why).toEqual([]);
    expect(lines).toEqual(["a", "b"]);
  });

  test("a stream is renewed in time", async () => {
    const { why, requests, lines } = await follow({
      answers: [
        { chunks: [...two, line(2, "c"), line(3, "d")], delayMs: 30, after: "silence" },
        { chunks: [...two, line(2, "c"), line(3, "d")] },
      ],
      phase: phases("running", "running", "terminated"),
      limits: { renewMs: 40 },
    });
    expect(lines).toEqual(["a", "b", "c", "d"]);
    expect(why).toEqual([]);
    expect((requests[1]?.atMs ?? 0) - (requests[0]?.atMs ?? 0)).toBeLessThan(150);
  });

  test("a refusal is repeated when the server asks for it", async () => {
    const status = { kind: "Status", message: "too many requests", details: { retryAfterSeconds: 1 } };
    const { requests, why, lines } = await follow({
      answers: [{ status: 429, chunks: [JSON.stringify(status)] }, { chunks: two }],
      phase: phases("running", "running", "terminated"),
    });
    expect(why).toEqual(["the log was refused with 429: too many requests"]);
    expect((requests[1]?.atMs ?? 0) - (requests[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(990);
    expect(lines).toEqual(["a", "b"]);
  });

  test("a container that waits is asked again, without a word", async () => {
    const { why, lines, requests } = await follow({
      answers: [{ status: 400, chunks: ["is waiting to start"] }, { status: 204 }, { chunks: two }],
      phase: phases("waiting", "waiting", "running", "terminated"),
    });
    expect(why).toEqual([]);
    expect(lines).toEqual(["a", "b"]);
    expect(requests.length).toBe(5);
  });

  test("the pod is gone", async () => {
    const { events } = await follow({ answers: [{ chunks: two }], phase: phases("running", "gone") });
    expect(events.at(-1)).toEqual({ kind: "end", complete: false, why: "the pod is gone" });
  });

  test("a rotation while away is said when the new stream stays silent", async () => {
    const { events, lines } = await follow({
      answers: [{ chunks: two }, { chunks: [line(2, "z")], after: "silence" }, { chunks: [line(2, "z")] }],
      phase: phases("running", "running", "terminated"),
    });
    expect(events.filter(({ kind }) => kind === "gap")).toEqual([
      { kind: "gap", gap: { after: "2025-06-15T15:06:41.000000000Z", before: "2025-06-15T15:06:42.000000000Z" } },
    ]);
    expect(lines).toEqual(["a", "b", "z"]);
  });

  test("a file that comes twice in one stream was opened after one that was skipped", async () => {
    const file = [line(5, "x"), line(6, "y")];
    const { events, lines, requests } = await follow({
      answers: [{ chunks: [...two, ...file, ...file, line(7, "z")] }, { chunks: [...file, line(7, "z")] }],
      phase: phases("running", "terminated"),
    });
    expect(events.filter(({ kind }) => kind === "gap")).toEqual([
      { kind: "gap", gap: { after: "2025-06-15T15:06:41.000000000Z", before: "2025-06-15T15:06:45.000000000Z" } },
    ]);
    expect(lines).toEqual(["a", "b", "x", "y", "z"]);
    expect(requests.length).toBe(3);
  });

  test("output that says it is complete ends the following, after what a filter may have hidden", async () => {
    const mark = line(9, "end");
    let seen = false;
    const onEvent = (event: LogEvent) => {
      if (event.kind === "lines") seen ||= event.lines.some(({ bytes }) => bytes.toString() === "end");
    };
    const plain = await follow({
      answers: [{ chunks: [mark], after: "silence" }],
      phase: phases("running"),
      concluded: () => seen,
      onEvent,
    });
    expect(plain.requests.length).toBe(1);
    seen = false;
    const filtered = await follow({
      answers: [
        { chunks: two },
        { chunks: [...two, mark], after: "silence" },
        { chunks: [...two, line(-9, "hidden"), mark] },
      ],
      phase: phases("running"),
      concluded: () => seen,
      onEvent,
    });
    expect(filtered.events.filter(({ kind }) => kind === "late")).toHaveLength(1);
    expect(filtered.events.at(-1)).toEqual(complete);
  });

  test("an abort ends it at once, also while the body stands still", async () => {
    const abort = new AbortController();
    const script = scriptedLog([{ chunks: two, after: "silence" }]);
    setTimeout(() => abort.abort(new Error("enough")), 50);
    const following = async () => {
      const target = { pod, container: "c", phase: phases("running") };
      for await (const event of followLog(script.cluster, target, { signal: abort.signal, limits })) void event;
    };
    await expect(following()).rejects.toThrow("enough");
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(script.open).toBe(0);
  });
});
