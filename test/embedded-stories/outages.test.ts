import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { RequestMatcher } from "../embedded/faults/fault-rules.ts";
import type { Answer } from "../embedded/faults/faults.ts";
import { type Bench, openBench } from "../stories/bench.ts";
import { endless, expectCancelled, expectEnd, type LiveRun, pause } from "../stories/stage.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterEach(() => bench.reset());
afterAll(() => bench.stop());

/** Every request of a run, in order. */
const steps: { step: string; matcher: RequestMatcher }[] = [
  {
    step: "read Paperclip's own pod",
    matcher: { verb: "get", resource: "pods", name: "paperclip-0", subresource: "" },
  },
  { step: "create the Job", matcher: { verb: "create", resource: "jobs" } },
  { step: "create the Secret", matcher: { verb: "create", resource: "secrets" } },
  { step: "resume the Job", matcher: { verb: "patch", resource: "jobs" } },
  { step: "watch the pods", matcher: { verb: "watch", resource: "pods" } },
  { step: "open the log", matcher: { verb: "get", resource: "pods", subresource: "log" } },
  { step: "delete the Job", matcher: { verb: "delete", resource: "jobs" } },
];

const group = "The API is away";

async function expectUnharmed(run: LiveRun, fault: string): Promise<void> {
  await expectEnd(bench.world, run, { group, fault, code: "", numbers: 12 });
  expect(bench.jobsMade(run.agentId)).toBe(1);
}

describe("an outage at a step of a run ends nothing: one Job, every line once", () => {
  test.each(steps)("$step: the answer is lost", async ({ step, matcher }) => {
    bench.faults.on(matcher, { kind: "lose-answer" }, 1);
    await expectUnharmed(bench.start(), `${step}: the answer is lost`);
  });

  test("at every step the connection is cut, twice", async () => {
    const rules = steps.map(({ matcher }) => bench.faults.reset(matcher, 2));
    // Slow enough that the watch is opened for the third time before the agent has ended.
    const run = bench.start({ chatter: { lines: 12, rate: 8 } });
    await expectUnharmed(run, "the connection is cut, twice at every step");
    expect(rules.map(({ hits }) => hits)).toEqual(steps.map(() => 2));
  });

  test("at every step a 503", async () => {
    const rules = steps.map(({ matcher }) => bench.faults.answer(matcher, { status: 503, times: 1 }));
    await expectUnharmed(bench.start(), "503 at every step");
    expect(rules.map(({ hits }) => hits)).toEqual(steps.map(() => 1));
  });

  test("a storm of 429 with Retry-After", async () => {
    const throttled: Answer = { status: 429, headers: { "retry-after": "1" }, times: 4 };
    const rule = bench.faults.answer({ where: ({ query }) => !query.has("watch") }, throttled);
    await expectUnharmed(bench.start({ limits: { guardMs: 20_000 } }), "a storm of 429");
    expect(rule.hits).toBe(4);
  });

  test("the connection is cut at every third request", async () => {
    let count = 0;
    bench.faults.on({ where: ({ resource }) => resource !== "" && ++count % 3 === 0 }, { kind: "reset" });
    await expectUnharmed(bench.start({ limits: { guardMs: 20_000 } }), "every third request is cut");
  });
});

describe("the API is gone for a while", () => {
  async function outage(ms: number): Promise<void> {
    await bench.faults.apiDown();
    await pause(ms);
    await bench.faults.apiUp();
  }

  test("in the middle of a run, which goes on meanwhile", async () => {
    const run = bench.start({ chatter: { lines: 40, rate: 20 } });
    await run.saw("seq=5 ");
    await outage(1_500);
    await expectEnd(bench.world, run, { group, fault: "1.5 s in the middle of a run", code: "", numbers: 40 });
  });

  test("and the run ends meanwhile", async () => {
    const run = bench.start({ chatter: { lines: 20, rate: 20 } });
    await run.saw("seq=5 ");
    await outage(2_000);
    await expectEnd(bench.world, run, { group, fault: "2 s, and the run ends meanwhile", code: "", numbers: 20 });
  });

  test("and the run fails meanwhile: its code is told all the same", async () => {
    const run = bench.start({ chatter: { lines: 20, rate: 20, exit: 7 } });
    await run.saw("seq=5 ");
    await outage(2_000);
    const fault = "2 s, and the run fails meanwhile";
    const { result } = await expectEnd(bench.world, run, { group, fault, code: "opencode_failed", numbers: 20 });
    expect(result.exitCode).toBe(7);
  });

  test("longer than inactivityTimeoutSec: an agent that cannot be heard is not silent", async () => {
    const run = bench.start({ chatter: { lines: 60, rate: 20 }, config: { inactivityTimeoutSec: 1 } });
    await run.saw("seq=5 ");
    await outage(1_800);
    const fault = "longer than inactivityTimeoutSec";
    await expectEnd(bench.world, run, { group, fault, code: "", numbers: 60 });
  });

  test("before anything was made", async () => {
    await bench.faults.apiDown();
    const run = bench.start({ limits: { guardMs: 10_000 } });
    setTimeout(() => void bench.faults.apiUp(), 1_200);
    await expectUnharmed(run, "1.2 s before anything was made");
  });

  test("while the pod waits to start", async () => {
    bench.faults.makeUnschedulable();
    const run = bench.start({ limits: { pendingMs: 60_000 } });
    await run.pod();
    await outage(500);
    bench.faults.makeUnschedulable(false);
    await expectUnharmed(run, "0.5 s while the pod waits for a node");
  });

  test("when the user cancels: the run ends in time, and the Job goes when the API is back", async () => {
    const run = bench.start({ chatter: endless, config: { graceSec: 1 }, limits: { stopMarginMs: 500 } });
    await run.saw("seq=5 ");
    await bench.faults.apiDown();
    run.cancel();
    const { result } = await run.done;
    await bench.faults.apiUp();
    expect(Date.now() - run.cancelledAtMs).toBeLessThan(6_000);
    expect(result).toMatchObject({ errorCode: "cancelled", exitCode: null });
    expect(result.resultJson).not.toHaveProperty("executionCancellation");
    await expectEnd(bench.world, run, {
      group,
      fault: "while the user cancels",
      code: "cancelled",
      says: "not confirmed",
    });
  });

  test("when the time is up: the Job goes when the API is back", async () => {
    const config = { timeoutSec: 1, graceSec: 1 };
    const run = bench.start({ chatter: endless, config, limits: { stopMarginMs: 500 } });
    await run.saw("seq=2 ");
    await bench.faults.apiDown();
    const { result } = await run.done;
    await bench.faults.apiUp();
    expect(result).toMatchObject({ errorCode: "timeout", timedOut: true });
    await expectEnd(bench.world, run, { group, fault: "when the time is up", code: "timeout" });
  });

  test("while another run's Job holds the slot: the wait goes on", async () => {
    const agentId = "waits-out";
    const holder = bench.start({ agentId, chatter: { lines: 40, rate: 20 } });
    await holder.saw("seq=2 ");
    const run = bench.start({ agentId });
    await run.saw("waiting for Job");
    await outage(1_500);
    await expectEnd(bench.world, run, { group, fault: "while the run waits for its slot", code: "", numbers: 12 });
    expect((await holder.done).result.errorCode).toBeNull();
  });
});

describe("a cancel while the API hangs", () => {
  test.each([
    { state: "creating the Job", matcher: { verb: "create", resource: "jobs" } },
    { state: "creating the Secret", matcher: { verb: "create", resource: "secrets" } },
    { state: "looking for the agent's Jobs", matcher: { verb: "list", resource: "jobs" } },
    { state: "resuming the Job", matcher: { verb: "patch", resource: "jobs" } },
    { state: "reading Paperclip's own pod", matcher: { verb: "get", resource: "pods", name: "paperclip-0" } },
  ])("$state", async ({ state, matcher }) => {
    const rule = bench.faults.hang(matcher);
    const run = bench.start({ limits: { guardMs: 20_000 } });
    while (rule.hits === 0) await pause(10);
    run.cancel();
    const woken = await run.done;
    rule.remove();
    expectCancelled(run, woken);
    await expectEnd(bench.world, run, {
      group: "The user cancels",
      fault: `while the API hangs, ${state}`,
      code: "cancelled",
    });
  });

  test("reconnecting to the log", async () => {
    const run = bench.start({ chatter: endless });
    await run.saw("seq=3 ");
    bench.faults.hang({ resource: "pods", subresource: "log" });
    bench.faults.resetStreams({ subresource: "log" });
    await pause(100);
    run.cancel();
    expectCancelled(
      run,
      await expectEnd(bench.world, run, {
        group: "The user cancels",
        fault: "while the log reconnects",
        code: "cancelled",
      }),
    );
  });

  test("draining the log of a run that failed", async () => {
    const run = bench.start({ chatter: endless, limits: { drainMs: 20_000 } });
    await run.saw("seq=3 ");
    bench.faults.hang({ resource: "pods", subresource: "log" });
    bench.faults.resetStreams({ subresource: "log" });
    bench.faults.evict(await run.pod());
    await pause(200);
    run.cancel();
    const fault = "while the log of an evicted pod is drained";
    expectCancelled(run, await expectEnd(bench.world, run, { group: "The user cancels", fault, code: "cancelled" }));
  });

  test("deleting: no request about the Job or its pod is answered", async () => {
    const run = bench.start({ chatter: endless, config: { graceSec: 1 } });
    await run.saw("seq=3 ");
    const rule = bench.faults.hang({ verb: "delete" });
    run.cancel();
    const { result } = await run.done;
    expect(Date.now() - run.cancelledAtMs).toBeLessThan(6_500);
    expect(result.errorCode).toBe("cancelled");
    expect(result.resultJson).not.toHaveProperty("executionCancellation");
    rule.remove();
    await expectEnd(bench.world, run, { group: "The user cancels", fault: "deletes hang", code: "cancelled" });
  }, 30_000);
});

describe("rights and credentials in the middle of a run", () => {
  test("the token is rotated", async () => {
    const run = bench.start({ chatter: { lines: 40, rate: 20 } });
    await run.saw("seq=5 ");
    bench.world.cluster.expireToken({ serviceAccount: "paperclip", namespace: bench.world.namespace, renew: true });
    bench.faults.resetStreams();
    await expectEnd(bench.world, run, {
      group: "Rights",
      fault: "the token is rotated mid-run",
      code: "",
      numbers: 40,
    });
  });

  test("a Role that is written anew is a moment's refusal", async () => {
    const run = bench.start({ chatter: { lines: 40, rate: 20 } });
    await run.saw("seq=5 ");
    const refusal = bench.faults.answer({ resource: "pods" }, { status: 403 });
    bench.faults.resetStreams();
    await pause(400);
    refusal.remove();
    await expectEnd(bench.world, run, { group: "Rights", fault: "403 for a moment", code: "", numbers: 40 });
  });

  test("the right to read logs alone, taken away, ends the run as well: no output is no success", async () => {
    const run = bench.start({ chatter: { lines: 60, rate: 20 }, limits: { deniedMs: 500 } });
    await run.saw("seq=5 ");
    const refusal = bench.faults.answer({ resource: "pods", subresource: "log" }, { status: 403 });
    bench.faults.resetStreams();
    await run.done;
    refusal.remove();
    const code = "k8s_permission_denied";
    const expected = {
      group: "Rights",
      fault: "403 for good on pods/log alone",
      code,
      says: "may no longer read the log",
    };
    await expectEnd(bench.world, run, expected);
  });

  test("the right to read logs was never there: said, also when the agent has ended well meanwhile", async () => {
    const refusal = bench.faults.answer({ resource: "pods", subresource: "log" }, { status: 403 });
    const run = bench.start({ limits: { deniedMs: 1_500 } });
    await run.done;
    refusal.remove();
    const expected = { group: "Rights", fault: "no right to read logs", code: "k8s_permission_denied" };
    await expectEnd(bench.world, run, expected);
  });

  test("rights that are taken away end the run with its Job", async () => {
    const run = bench.start({ chatter: endless, limits: { deniedMs: 500 } });
    await run.saw("seq=5 ");
    const refusal = bench.faults.answer({ resource: "pods" }, { status: 403 });
    bench.faults.resetStreams();
    await run.done;
    refusal.remove();
    const code = "k8s_permission_denied";
    await expectEnd(bench.world, run, { group: "Rights", fault: "403 for good", code, says: "may no longer read" });
  });
});
