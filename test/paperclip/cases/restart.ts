import { describe, expect, test } from "vitest";
import type { Pod } from "../../../src/cluster/cluster.ts";
import type { Stage } from "../stage/stage.ts";
import { gatedAgent, wordsAfter, wordsBefore } from "./gate.ts";
import { expectNothingLeft, isOf } from "./wakes.ts";

/** What Paperclip says of the runs that it had; one that was killed takes five minutes to call them lost. */
const restarts = [
  {
    how: "its pod is replaced",
    shown: { status: "interrupted", error: "Interrupted by graceful server shutdown (SIGTERM)" },
    restart: (stage: Stage) => stage.replacePaperclip(),
  },
  {
    how: "its process is killed",
    shown: { status: "running", error: null },
    restart: (stage: Stage) => stage.killPaperclip(),
  },
];

/** Last, as nobody else can use Paperclip meanwhile. Both kinds of agent live through the same restart. */
export function restartCases(stage: () => Stage): void {
  describe.each(restarts)("$how", ({ how, shown, restart }) => {
    type Gated = Awaited<ReturnType<typeof gatedAgent>>;
    let taker: Gated;
    let waiter: Gated;

    test("the Jobs go on, and no run of theirs is a success", async () => {
      const { api, jobs, pods } = stage();
      taker = await gatedAgent(stage(), `takes over when ${how}`, { reattachOrphanedJobs: true });
      waiter = await gatedAgent(stage(), `waits when ${how}`, {
        reattachOrphanedJobs: false,
        ttlSecondsAfterFinished: 10, // nobody but the cluster removes the orphan
      });
      const runs = await Promise.all([taker.begin(), waiter.begin()]);
      await restart(stage());
      for (const id of runs) {
        const { status, error } = await (shown.status === "running" ? api.run(id) : api.runEnded(id));
        expect({ status, error }).toEqual(shown);
      }
      for (const { agent } of [taker, waiter]) {
        expect(jobs.last(isOf(agent.id))).toHaveLength(1);
        expect(
          pods.last(isOf(agent.id)).map(({ status, metadata }) => [status?.phase, metadata?.deletionTimestamp]),
        ).toEqual([["Running", undefined]]);
      }
    });

    test("with reattachOrphanedJobs the next run takes the Job over and has its whole output", async () => {
      const { api, jobs } = stage();
      const runId = await taker.begin();
      await taker.open();
      expect(await api.runEnded(runId)).toMatchObject({ status: "succeeded", error: null });
      expect(await taker.words(runId)).toEqual([wordsBefore, wordsAfter]);
      expect(jobs.last(isOf(taker.agent.id))).toHaveLength(1);
    });

    test("without it the next run waits for the orphan, says so, and then has a Job of its own", async () => {
      const { api, jobs, pods } = stage();
      const { id } = await api.invoke(waiter.agent.id);
      const said = async () => JSON.stringify(await api.log(id));
      await expect
        .poll(said, { timeout: 30_000, interval: 500 })
        .toMatch(/waiting for Job [\w-]+ \(run [\w-]+\) to end/);
      expect(jobs.last(isOf(waiter.agent.id))).toHaveLength(1);
      await waiter.open();
      expect(await api.runEnded(id)).toMatchObject({ status: "succeeded", error: null });
      expect(await waiter.words(id)).toEqual([wordsBefore, wordsAfter]);
      const lives = pods.last(isOf(waiter.agent.id)).map(lifeOf);
      expect(lives).toHaveLength(2);
      expect(lives[1]?.begin).toBeGreaterThanOrEqual(lives[0]?.end ?? Number.POSITIVE_INFINITY);
    });

    test("nothing is left of them in the cluster", async () => {
      for (const { agent } of [taker, waiter]) await expectNothingLeft(stage(), agent.id);
    });
  });
}

/** From the creation of a pod to the end of its container, in seconds as Kubernetes tells them. */
function lifeOf({ metadata, status }: Pod): { begin: number; end: number } {
  const finishedAt = status?.containerStatuses?.[0]?.state?.terminated?.finishedAt ?? "";
  return { begin: Date.parse(String(metadata?.creationTimestamp)), end: Date.parse(String(finishedAt)) };
}
