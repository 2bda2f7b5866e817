import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Adapter } from "../../src/index.ts";
import type { World } from "../world/world.ts";
import { shortLimits } from "./short-limits.ts";
import { endless, expectCancelled, expectEnd, leftOf, pause, startRun, untilReady } from "./stage.ts";

const signal = new AbortController().signal;

/** A run that is stopped, by its user or by a limit of its own: the same stories in every world. */
export function stopStories(makeWorld: () => Promise<World>): void {
  describe.concurrent("a run that is stopped", () => {
    let world: World;
    let adapter: Adapter;

    beforeAll(async () => {
      world = await makeWorld();
      await untilReady(world);
      adapter = world.adapter({ limits: shortLimits(world.kind) });
    });
    afterAll(async () => {
      await adapter?.close();
      await world?.stop();
    });

    describe.concurrent("a cancel is acknowledged within the grace period and five seconds, and is never a success", () => {
      const group = "The user cancels";
      const code = "cancelled";

      test("while it waits in line behind another run of the agent", async () => {
        const agentId = "stop-in-line";
        const first = startRun(world, adapter, { agentId, chatter: endless });
        await first.saw("seq=1 ");
        const second = startRun(world, adapter, { agentId });
        await second.saw("waiting for 1 earlier run(s)");
        second.cancel();
        expectCancelled(second, await second.done);
        first.cancel();
        expectCancelled(first, await expectEnd(world, first, { group, fault: "while another waits in line", code }));
      });

      test("while another process's Job of the agent holds the slot", async () => {
        const agentId = "stop-for-slot";
        const other = world.adapter({ limits: shortLimits(world.kind) });
        const holder = startRun(world, other, { agentId, chatter: endless });
        await holder.saw("seq=1 ");
        const run = startRun(world, adapter, { agentId });
        await run.saw("waiting for Job");
        run.cancel();
        expectCancelled(run, await run.done);
        holder.cancel();
        await expectEnd(world, holder, { group, fault: "while another waits for its slot", code });
        await other.close();
      });

      test("while its pod waits for a node", async () => {
        const run = startRun(world, adapter, { agentId: "stop-pending", config: { nodeSelector: "disk=none" } });
        await run.pod();
        run.cancel();
        expectCancelled(run, await expectEnd(world, run, { group, fault: "while the pod waits for a node", code }));
      });

      test("while its image is pulled", async () => {
        const limits = { ...shortLimits(world.kind), suspectMs: 60_000, pendingMs: 60_000 };
        const patient = world.adapter({ limits });
        const config = { image: "docker.io/local/not-there:1", imagePullPolicy: "IfNotPresent" };
        const run = startRun(world, patient, { agentId: "stop-pulling", config });
        await run.saw("waiting for");
        run.cancel();
        expectCancelled(run, await expectEnd(world, run, { group, fault: "while the image is pulled", code }));
        await patient.close();
      });

      test("while it runs, and once more", async () => {
        const run = startRun(world, adapter, { agentId: "stop-running", chatter: endless });
        await run.saw("seq=4 ");
        run.cancel();
        setTimeout(() => run.cancel(), 30);
        const woken = await expectEnd(world, run, { group, fault: "while it runs, twice", code });
        expectCancelled(run, woken);
        // The log goes on to the agent's last word.
        expect(woken.stderr).toContain("chatter: got signal 15");
        expect(woken.result.usage).toBeDefined();
      });

      test("a process that ignores TERM is killed after the grace period", async () => {
        const run = startRun(world, adapter, { agentId: "stop-deaf", chatter: { ...endless, term: "ignore" } });
        await run.saw("seq=4 ");
        run.cancel();
        const woken = await expectEnd(world, run, { group, fault: "the process ignores TERM", code });
        expectCancelled(run, woken);
        expect(woken.result.resultJson).toMatchObject({ executionCancellation: { forced: true } });
        expect(Date.now() - run.cancelledAtMs).toBeGreaterThan(1_900);
      });

      test("before it has begun", async () => {
        const run = startRun(world, adapter, { agentId: "stop-early" });
        run.cancel();
        expectCancelled(run, await expectEnd(world, run, { group, fault: "before it has begun", code }));
      });

      test("at any moment of a short run: cancelled with proof, nothing left", async () => {
        const agents = Array.from({ length: 8 }, (_, index) => `stop-at-${index}`);
        const step = world.kind === "real" ? 500 : 60;
        await Promise.all(
          agents.map(async (agentId, index) => {
            const run = startRun(world, adapter, { agentId, chatter: { lines: 5, rate: 20 } });
            await pause(index * step);
            run.cancel();
            const woken = await run.done;
            // A run that had told its end before the cancel has told the truth.
            if (woken.result.errorCode !== null) expectCancelled(run, woken);
            expect(await leftOf(world, agentId)).toEqual([]);
          }),
        );
      });

      test("in the moment of its end: what Paperclip is told is a cancel with its proof, never a success", async () => {
        const agentId = "stop-at-end";
        const run = startRun(world, adapter, {
          agentId,
          chatter: { lines: 3 },
          onLog: async (_, chunk) => {
            if (chunk.includes("step_finish")) run.cancel();
          },
        });
        expectCancelled(run, await expectEnd(world, run, { group, fault: "in the moment of its end", code }));
      });
    });

    describe.concurrent("limits of its own", () => {
      const group = "A limit of the run's";

      test("timeoutSec counts from the container's start, and the log goes up to the end", async () => {
        const run = startRun(world, adapter, { agentId: "timeout", chatter: endless, config: { timeoutSec: 1 } });
        await run.saw("seq=0 ");
        const startedAtMs = Date.now();
        const woken = await expectEnd(world, run, { group, fault: "timeoutSec", code: "timeout" });
        expect(woken.result).toMatchObject({ timedOut: true, exitCode: null });
        expect(Date.now() - startedAtMs).toBeLessThan(world.kind === "real" ? 6_000 : 3_000);
        expect(woken.stderr).toContain("chatter: got signal 15");
      });

      test("a process that ignores TERM is ended by force graceSec after its time", async () => {
        const config = { timeoutSec: 1, graceSec: 1 };
        const run = startRun(world, adapter, {
          agentId: "timeout-deaf",
          chatter: { ...endless, term: "ignore" },
          config,
        });
        await run.saw("seq=0 ");
        const startedAtMs = Date.now();
        await expectEnd(world, run, { group, fault: "timeoutSec, TERM ignored", code: "timeout", says: "by force" });
        expect(Date.now() - startedAtMs).toBeLessThan(world.kind === "real" ? 7_000 : 4_000);
      });

      test("the wait for a start is none of the run's time", async () => {
        const script = "sleep 1.5";
        const resources = { requests: { cpu: "10m", memory: "16Mi" }, limits: { cpu: "1", memory: "64Mi" } };
        const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
        const image = "docker.io/library/busybox:1.36";
        const first = { name: "first", image, command: ["sh", "-c", script], resources, securityContext };
        const config = { timeoutSec: 1, podTemplate: { spec: { initContainers: [first] } } };
        const limits = { ...shortLimits(world.kind), pendingMs: 60_000 };
        const patient = world.adapter({ limits });
        const run = startRun(world, patient, { agentId: "slow-start", chatter: { lines: 5, rate: 20 }, config });
        await expectEnd(world, run, {
          group,
          fault: "a start that takes longer than timeoutSec",
          code: "",
          numbers: 5,
        });
        await patient.close();
      });

      test("an agent that says nothing for inactivityTimeoutSec", async () => {
        const config = { inactivityTimeoutSec: 1 };
        const run = startRun(world, adapter, { agentId: "inactive", chatter: { lines: 6, silence: 30 }, config });
        const fault = "inactivityTimeoutSec";
        await expectEnd(world, run, { group, fault, code: "inactivity_timeout", says: "printed nothing for 1 s" });
      });

      test("an agent that speaks now and then is left alone", async () => {
        const config = { inactivityTimeoutSec: 2 };
        const run = startRun(world, adapter, { agentId: "slow-talker", chatter: { lines: 4, rate: 1 }, config });
        await expectEnd(world, run, { group, fault: "a line a second, inactivityTimeoutSec 2", code: "", numbers: 4 });
      });

      test("the pod's own deadline ends a run that nobody stops", async () => {
        const config = { podTemplate: { spec: { activeDeadlineSeconds: 1 } } };
        const run = startRun(world, adapter, { agentId: "deadline", chatter: endless, config });
        const fault = "the pod's activeDeadlineSeconds";
        const { result } = await expectEnd(world, run, { group, fault, code: "timeout" });
        expect(result.timedOut).toBe(true);
      });
    });

    test("retainJobs keeps the Job of a run that ended, and it holds no later run up", async () => {
      const agentId = "retained";
      const config = { retainJobs: true };
      const first = startRun(world, adapter, { agentId, chatter: { lines: 2 }, config });
      expect((await first.done).result.errorCode).toBeNull();
      const second = startRun(world, adapter, { agentId, chatter: { lines: 2, exit: 2 }, config });
      const { result } = await second.done;
      expect(result, result.errorMessage ?? "").toMatchObject({ errorCode: "opencode_failed" });
      const jobs = await second.jobs();
      expect(jobs).toHaveLength(2);
      for (const { metadata } of jobs) {
        await world.admin.delete("jobs", { namespace: world.namespace, name: metadata?.name ?? "" }, { signal });
      }
      expect(await leftOf(world, agentId)).toEqual([]);
    });
  });
}
