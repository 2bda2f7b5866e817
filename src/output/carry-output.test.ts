import { describe, expect, test } from "vitest";
import { type Answer, line, scriptedLog } from "../../test/support/log/scripted-log.ts";
import type { Pod } from "../cluster/cluster.ts";
import { containerName } from "../job/names.ts";
import { carryOutput } from "./carry-output.ts";

const limits = { idleMs: 400, renewMs: 60_000, firstRetryMs: 5, lastRetryMs: 20, wholeFileBytes: -1 };
const pod: Pod = {
  metadata: { namespace: "n", name: "p", uid: "u" },
  status: { phase: "Running", containerStatuses: [{ name: containerName, state: { running: {} } } as never] },
};
const start = line(0, "@N:start 1");
const ends = [line(8, "@N:done"), line(9, "@N:end 0")];
const marked = { kind: "marked", exitCode: 0 };

async function carry(answers: Answer[], deniedMs = 0) {
  const script = scriptedLog(answers);
  const stdout: string[] = [];
  const stderr: string[] = [];
  const said: string[] = [];
  const log = {
    stdout: async () => undefined,
    stderr: async () => undefined,
    say: async (text: string) => void said.push(text),
  };
  const cluster = { openLog: script.cluster.openLog.bind(script.cluster), read: async () => pod as never };
  const target = {
    pod,
    nonce: "N",
    onLine: (text: string) => void stdout.push(text),
    onStderr: (text: string) => void stderr.push(text),
  };
  const end = await carryOutput(target, { cluster, log, limits, deniedMs }, new AbortController().signal);
  return { end, stdout, stderr, said, requests: script.requests };
}

describe("a run's output", { timeout: 20_000 }, () => {
  test("ends with the end mark, and nothing is read twice where no connection broke", async () => {
    const { end, stdout, said, requests } = await carry([{ chunks: [start, line(1, "a"), ...ends], after: "silence" }]);
    expect(end).toEqual(marked);
    expect(stdout).toEqual(["a"]);
    expect(said).toEqual([]);
    expect(requests).toHaveLength(1);
  });

  test("what a resumed stream hid, for the node's clock had stepped back, is told after the end mark", async () => {
    const whole = [start, line(1, "a"), line(-9, "hidden"), ...ends];
    const { end, stdout, said } = await carry([
      { chunks: [start, line(1, "a")] },
      { chunks: [start, line(1, "a"), ...ends], after: "silence" },
      { chunks: whole },
      { chunks: whole },
    ]);
    expect(end).toEqual(marked);
    expect(stdout).toEqual(["a", "hidden"]);
    expect(said).toEqual(["1 line follows late: the node's clock had stepped back while the log was read"]);
  });

  test("stderr that overtakes the launcher's first line is no sign of a lost beginning", async () => {
    const { stderr, said } = await carry([
      { chunks: [line(0, "@N:e early")] },
      { chunks: [line(0, "@N:e early"), start, ...ends] },
      { chunks: [line(0, "@N:e early"), start, ...ends] },
    ]);
    expect(stderr).toEqual(["early"]);
    expect(said).toEqual([]);
  });

  test("a log whose beginning had rotated away says so once", async () => {
    const { said, stdout } = await carry([{ chunks: [line(3, "c"), ...ends], after: "silence" }]);
    expect(stdout).toEqual(["c"]);
    expect(said).toEqual([expect.stringMatching(/^lines before \S+ may be missing/)]);
  });

  test("a log that may not be read, though the pod may, ends in time with its own code", async () => {
    await expect(carry([{ status: 403 }], 200)).rejects.toMatchObject({
      code: "k8s_permission_denied",
      message: expect.stringContaining("may no longer read the log"),
    });
  });

  test("a moment's refusal is none", async () => {
    const refused = [{ status: 403 }, { status: 401 }, { status: 403 }];
    const { end, stdout } = await carry(
      [...refused, { chunks: [start, line(1, "a"), ...ends], after: "silence" }],
      2_000,
    );
    expect(end).toEqual(marked);
    expect(stdout).toEqual(["a"]);
  });
});
