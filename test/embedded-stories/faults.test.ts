import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Bench, openBench } from "../stories/bench.ts";
import { endless, expectCancelled, expectEnd, leftOf, pause } from "../stories/stage.ts";

let bench: Bench;
const signal = new AbortController().signal;
beforeAll(async () => {
  bench = await openBench();
});
afterEach(() => bench.reset());
afterAll(() => bench.stop());

const transient = { errorFamily: "transient_upstream" };

describe("the log's connection", () => {
  const group = "The log";

  test("fault 1: is reset many times", async () => {
    const run = bench.start({ chatter: { lines: 60, rate: 40 } });
    await run.saw("seq=1 ");
    for (let cut = 0; cut < 8; cut++) {
      bench.faults.resetStreams({ subresource: "log" });
      await pause(100);
    }
    await expectEnd(bench.world, run, { group, fault: "the stream is reset, eight times", code: "", numbers: 60 });
  });

  test("fault 2: ends cleanly although the container runs", async () => {
    const run = bench.start({ chatter: { lines: 40, rate: 40 } });
    await run.saw("seq=5 ");
    bench.faults.cleanEofOfLogs();
    await run.saw("seq=15 ");
    bench.faults.cleanEofOfLogs();
    await expectEnd(bench.world, run, { group, fault: "a clean end while the container runs", code: "", numbers: 40 });
  });

  test("fault 5: the file is rotated while the connection is down: the gap is told, never hidden", async () => {
    const run = bench.start({ chatter: { lines: 60, rate: 40 } });
    await run.saw("seq=5 ");
    const refusal = bench.faults.answer({ subresource: "log" }, { status: 503 });
    bench.faults.resetStreams({ subresource: "log" });
    await pause(300);
    bench.faults.rotateLog(await run.pod());
    await pause(300);
    refusal.remove();
    const fault = "rotated while the connection is down";
    const { said } = await expectEnd(bench.world, run, { group, fault, code: "", mayLose: "said as a gap" });
    expect(said.join("\n")).toMatch(/lines between .* may be missing/);
  });

  test("fault 6: a black hole: nothing comes and nothing is reset", async () => {
    const follow = { idleMs: 400, renewMs: 3_000_000, firstRetryMs: 50, lastRetryMs: 500, wholeFileBytes: 65_536 };
    const run = bench.start({ chatter: { lines: 50, rate: 40 }, limits: { follow } });
    await run.saw("seq=5 ");
    bench.faults.holdStreams(true, { subresource: "log" });
    await expectEnd(bench.world, run, {
      group,
      fault: "the stream stands still without a reset",
      code: "",
      numbers: 50,
    });
    bench.faults.holdStreams(false);
  });

  test("fault 7: kubelet's error text in place of the log, and in the middle of it", async () => {
    const words = "unable to retrieve container logs for containerd://0f3a";
    bench.faults.logErrorBody(words, { times: 2 });
    const run = bench.start({ chatter: { lines: 40, rate: 40 } });
    await run.saw("seq=5 ");
    bench.faults.injectIntoLogs(`${words}\n`, { end: true });
    const woken = await expectEnd(bench.world, run, {
      group,
      fault: "kubelet's error as the body",
      code: "",
      numbers: 40,
    });
    expect(woken.stdout.join()).not.toContain("unable to retrieve");
  });

  test.each([
    { what: "204", answer: { status: 204, body: "" } },
    { what: "400 waiting to start", answer: { status: 400 } },
    { what: "404", answer: { status: 404 } },
    { what: "an empty 200", answer: { status: 200, body: "" } },
  ])("fault 8: is answered with $what at the start", async ({ what, answer }) => {
    const rule = bench.faults.answer({ subresource: "log" }, { ...answer, times: 3 });
    const run = bench.start();
    await expectEnd(bench.world, run, { group, fault: `${what}, three times at the start`, code: "", numbers: 12 });
    expect(rule.hits).toBe(3);
  });
});

describe("fault 11: the watch", () => {
  const group = "The watch";

  test("says 410 Gone in the middle of a run", async () => {
    const run = bench.start();
    await run.saw("seq=2 ");
    bench.faults.goneWatch();
    await expectEnd(bench.world, run, { group, fault: "410 Gone", code: "", numbers: 12 });
  });

  test("is silent from the start: the pod's start is seen all the same", async () => {
    bench.faults.dropWatchEvents(({ resource }) => resource === "pods");
    await expectEnd(bench.world, bench.start(), { group, fault: "no event ever comes", code: "", numbers: 12 });
  });

  test("keeps the pod's end to itself: the code is told all the same", async () => {
    const run = bench.start({ chatter: endless });
    await run.saw("seq=2 ");
    bench.faults.dropWatchEvents(({ resource }) => resource === "pods");
    bench.faults.oomKill(await run.pod());
    await expectEnd(bench.world, run, { group, fault: "the pod's end is kept from it", code: "k8s_out_of_memory" });
  });

  test("keeps the pod's deletion to itself", async () => {
    const run = bench.start({ chatter: endless });
    await run.saw("seq=2 ");
    bench.faults.dropWatchEvents(({ resource }) => resource === "pods");
    bench.faults.deletePod(await run.pod(), 0);
    await expectEnd(bench.world, run, { group, fault: "the pod's deletion is kept from it", code: "k8s_pod_deleted" });
  });

  test("is refused for good while a pod starts and ends: it is asked instead", async () => {
    bench.faults.answer({ verb: "watch" }, { status: 403 });
    await expectEnd(bench.world, bench.start(), { group, fault: "not granted", code: "", numbers: 12 });
  });

  test("is silent while the user cancels", async () => {
    const run = bench.start({ chatter: endless });
    await run.saw("seq=2 ");
    bench.faults.dropWatchEvents(({ resource }) => resource === "pods");
    run.cancel();
    expectCancelled(
      run,
      await expectEnd(bench.world, run, { group, fault: "silent while the user cancels", code: "cancelled" }),
    );
  });
});

describe("faults 12 to 14: the node", () => {
  const group = "The node";

  test("evicts the pod for lack of memory", async () => {
    const run = bench.start({ chatter: endless });
    await run.saw("seq=2 ");
    bench.faults.evict(await run.pod());
    const expected = { group, fault: "evicted for lack of memory", code: "k8s_pod_evicted", says: "low on resource" };
    expect((await expectEnd(bench.world, run, expected)).result).toMatchObject(transient);
  });

  test("has to make room for a more important pod", async () => {
    const run = bench.start({ chatter: endless });
    await run.saw("seq=2 ");
    bench.faults.preempt(await run.pod());
    const expected = { group, fault: "preempted", code: "k8s_pod_preempted", says: "preempting" };
    expect((await expectEnd(bench.world, run, expected)).result).toMatchObject(transient);
  });

  test("is lost: a run with a limit ends with it, and its pod holds the slot until the cluster gives it up", async () => {
    const run = bench.start({
      chatter: endless,
      config: { timeoutSec: 1, graceSec: 1 },
      limits: { stopMarginMs: 300 },
    });
    await run.saw("seq=2 ");
    bench.faults.nodeLost();
    const { result } = await run.done;
    expect(result).toMatchObject({ errorCode: "timeout", timedOut: true, exitCode: null });
    bench.faults.nodeBack();
    await expectEnd(bench.world, run, { group, fault: "lost, until the run's time is up", code: "timeout" });
  });

  test("is back before anybody gave it up", async () => {
    const run = bench.start({ chatter: { lines: 40, rate: 40 } });
    await run.saw("seq=2 ");
    bench.faults.nodeLost();
    await pause(500);
    bench.faults.nodeBack();
    await expectEnd(bench.world, run, { group, fault: "away for a moment", code: "", numbers: 40 });
  });

  test("takes long to tell a status: the launcher's end mark is enough, for errors too", async () => {
    bench.faults.kubeletSlow(20);
    const run = bench.start({ chatter: { lines: 12, rate: 40, exit: 4 } });
    await run.saw("seq=2 ");
    bench.faults.kubeletSlow(2_500);
    const fault = "the status comes late";
    const { result } = await expectEnd(bench.world, run, { group, fault, code: "opencode_failed", numbers: 12 });
    expect(result.exitCode).toBe(4);
  });

  test("kills the launcher: the container's status is the end, and code 0 is not made up", async () => {
    const run = bench.start({ chatter: { lines: 6, kill: true } });
    const fault = "the container's first process is killed";
    const varies = /(?<=the last it told was: ).*?(?=\.)/;
    const expected = { group, fault, code: "opencode_failed", numbers: 6, varies };
    expect((await expectEnd(bench.world, run, expected)).result.exitCode).toBe(137);
  });

  test("has a clock that is wrong by half an hour", async () => {
    bench.faults.nodeClockStep(-1_800);
    const run = bench.start({ chatter: endless, config: { timeoutSec: 1 } });
    await run.saw("seq=0 ");
    const startedAtMs = Date.now();
    await expectEnd(bench.world, run, { group, fault: "its clock is 30 min late, timeoutSec 1", code: "timeout" });
    expect(Date.now() - startedAtMs).toBeLessThan(4_000);
    bench.faults.nodeClockStep(1_800);
  });

  test("is lost for good, and the pod never ends that somebody deletes there", async () => {
    const run = bench.start({ chatter: endless, config: { graceSec: 1 } });
    await run.saw("seq=2 ");
    const pod = await run.pod();
    bench.faults.nodeLost();
    await bench.world.admin.delete("pods", pod, { signal });
    const { result } = await run.done;
    expect(result).toMatchObject({ errorCode: "k8s_pod_deleted", ...transient });
    expect((await run.pods()).map(({ metadata }) => metadata?.name)).toEqual([pod.name]);
    bench.faults.nodeBack();
    const fault = "lost for good, its pod stands there as ending";
    await expectEnd(bench.world, run, {
      group,
      fault,
      code: "k8s_pod_deleted",
      mayLose: "what the lost node had not sent",
    });
  });

  test("ttlSecondsAfterFinished takes the Job away while its log is still read", async () => {
    let first = true;
    const run = bench.start({
      chatter: { lines: 30, rate: 0 },
      config: { ttlSecondsAfterFinished: 1 },
      onLog: async (_, chunk) => {
        if (first && chunk.includes("seq=")) await pause(1_800);
        if (chunk.includes("seq=")) first = false;
      },
    });
    await expectEnd(bench.world, run, {
      group,
      fault: "the Job's TTL is over while its log is read",
      code: "",
      numbers: 30,
    });
  });
});

describe("Paperclip's own log", () => {
  const group = "Paperclip's log";

  test("that cannot be written ends no run, and the operator is told", async () => {
    const run = bench.start({
      onLog: async (_, chunk) => {
        if (chunk.includes("seq=3 ")) throw new Error("disk full");
      },
    });
    await expectEnd(bench.world, run, { group, fault: "onLog throws", code: "" });
    expect(bench.warnings.join()).toContain("disk full");
  });

  test("that stands still holds no cancel back", async () => {
    const run = bench.start({
      chatter: endless,
      onLog: (_, chunk) => (chunk.includes("seq=3 ") ? new Promise(() => {}) : Promise.resolve()),
    });
    await run.saw("seq=3 ");
    run.cancel();
    expectCancelled(
      run,
      await expectEnd(bench.world, run, { group, fault: "onLog never answers, cancel", code: "cancelled" }),
    );
  });

  test("and page that lack what the run is asked end no run, and the operator is told", async () => {
    const run = bench.start({ onMeta: () => Promise.reject(new Error("no such table")) });
    await expectEnd(bench.world, run, { group, fault: "onMeta throws", code: "", numbers: 12 });
    expect(bench.warnings.join()).toContain("no such table");
  });

  test("and page that never take what the run is asked hold no cancel back", async () => {
    let asked = false;
    const onMeta = () => {
      asked = true;
      return new Promise<void>(() => {});
    };
    const run = bench.start({ onMeta });
    while (!asked) await pause(10);
    run.cancel();
    expectCancelled(
      run,
      await expectEnd(bench.world, run, { group, fault: "onMeta never answers, cancel", code: "cancelled" }),
    );
  });

  test("that takes longer than the log is waited for after the container's end loses no line", async () => {
    const run = bench.start({
      chatter: { lines: 40, rate: 0, exit: 3 },
      limits: { drainMs: 200, statusMs: 200 },
      onLog: async (_, chunk) => {
        if (chunk.includes("seq=")) await pause(2_500);
      },
    });
    const fault = "onLog takes 2.5 s a call, as the container ends";
    await expectEnd(bench.world, run, { group, fault, code: "opencode_failed", numbers: 40 });
  });

  test("that stands still while the pod waits for a node holds no cancel back", async () => {
    const run = bench.start({
      config: { nodeSelector: "disk=none" },
      limits: { pendingMs: 60_000 },
      onLog: (_, chunk) => (chunk.includes("waiting for a node") ? new Promise(() => {}) : Promise.resolve()),
    });
    await run.saw("waiting for a node");
    run.cancel();
    expectCancelled(run, await run.done);
    expect(await leftOf(bench.world, run.agentId)).toEqual([]);
  });

  test("that is slow makes no agent silent", async () => {
    let slow = true;
    const run = bench.start({
      chatter: { lines: 80, rate: 40 },
      config: { inactivityTimeoutSec: 1 },
      onLog: async (_, chunk) => {
        if (slow && chunk.includes("seq=3 ")) {
          slow = false;
          await pause(1_400);
        }
      },
    });
    await expectEnd(bench.world, run, {
      group,
      fault: "onLog takes longer than inactivityTimeoutSec",
      code: "",
      numbers: 80,
    });
  });
});

describe("the guard: one Job of an agent at a time", () => {
  const group = "The guard";

  test("an API that hangs is no free slot: nothing is created", async () => {
    bench.faults.hang({ verb: "list", resource: "jobs" });
    const run = bench.start({ limits: { guardMs: 400 } });
    const code = "k8s_concurrency_guard_unreachable";
    const { result } = await run.done;
    bench.faults.clear();
    await expectEnd(bench.world, run, { group, fault: "the list of Jobs hangs", code });
    expect(result).toMatchObject(transient);
    expect(bench.jobsMade(run.agentId)).toBe(0);
  });

  test("a Job that is being deleted is live until its pod has ended", async () => {
    const agentId = "deleting";
    const holder = bench.start({ agentId, chatter: { ...endless, term: "ignore" } });
    await holder.saw("seq=2 ");
    await bench.world.admin.delete("jobs", await holder.job(), { signal });
    const run = bench.start({ agentId });
    const { said } = await expectEnd(bench.world, run, {
      group,
      fault: "the other Job is being deleted",
      code: "",
      numbers: 12,
    });
    expect(said.join()).toContain("waiting for");
    expect(bench.mostAtOnce(agentId)).toBe(1);
    expect((await holder.done).result.errorCode).toBe("k8s_job_deleted");
  });

  test("a run that waits for too long says whom it waited for", async () => {
    const agentId = "blocked";
    const holder = bench.start({ agentId, chatter: endless });
    await holder.saw("seq=2 ");
    const run = bench.start({ agentId, limits: { slotWaitMs: 600 } });
    const { result } = await run.done;
    expect(result).toMatchObject({ errorCode: "k8s_concurrent_run_blocked", ...transient });
    expect(result.errorMessage).toContain("Job agent-opencode-blocked");
    holder.cancel();
    await holder.done;
    expect(await leftOf(bench.world, agentId)).toEqual([]);
  });
});

describe("at last, since Paperclip's own pod goes with them", () => {
  const group = "The node";

  test("a node is lost and the cluster deletes its pods", async () => {
    const run = bench.start({ chatter: endless });
    await run.saw("seq=2 ");
    const pod = await run.pod();
    bench.faults.nodeLost();
    bench.faults.evictFromLostNode();
    await pause(100);
    bench.faults.deletePod(pod, 0);
    const expected = {
      group,
      fault: "lost, its pods given up",
      code: "k8s_node_lost",
      mayLose: "what the lost node had not sent",
    };
    expect((await expectEnd(bench.world, run, expected)).result).toMatchObject(transient);
    bench.faults.nodeBack();
  });
});
