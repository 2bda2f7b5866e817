import { expect, test } from "vitest";
import type { Pod } from "../../../src/cluster/cluster.ts";
import type { Stage } from "../stage/stage.ts";
import { gatedAgent } from "./gate.ts";
import { expectNothingLeft, isOf } from "./wakes.ts";

export function stopCases(stage: () => Stage): void {
  test("the button on the run's page ends the pod, and the page says who stopped it", async () => {
    const { api, visit } = stage();
    const { agent, begin } = await gatedAgent(stage(), "stopped on the page", { graceSec: 5 });
    const runId = await begin();
    await visit(async (page) => {
      await page.openRun(agent.id, runId);
      await page.stopRun();
      await expect.poll(page.text, { timeout: 60_000 }).toContain("Cancelled by a board operator");
      expect(await page.text()).not.toContain("failed");
    });
    await expectStopped(stage(), agent.id, await api.run(runId));
  });

  test("a stop through the API is confirmed to Paperclip well before it gives up", async () => {
    const { api, pods } = stage();
    const graceSec = 5;
    const { agent, begin } = await gatedAgent(stage(), "stopped by a call", { graceSec });
    const runId = await begin();
    await api.cancel(runId);
    const run = await api.runEnded(runId);
    await expectStopped(stage(), agent.id, run);
    const { executionCancellation } = run.resultJson as { executionCancellation: { acknowledgedAt: string } };
    const toldMs = toldToStopMs(pods.states(isOf(agent.id)));
    // The cluster's times are whole seconds. How fast Paperclip's own database is stands elsewhere.
    expect(Date.parse(executionCancellation.acknowledgedAt) - toldMs).toBeLessThan((graceSec + 5 + 1) * 1000);
  });
}

/** When the pod was told to end, by the API server's clock. */
function toldToStopMs(states: readonly Pod[]): number {
  const { deletionTimestamp = "", deletionGracePeriodSeconds = 0 } =
    states.find(({ metadata }) => metadata?.deletionTimestamp !== undefined)?.metadata ?? {};
  return Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
}

async function expectStopped(stage: Stage, agentId: string, run: object): Promise<void> {
  expect(run).toMatchObject({
    status: "cancelled",
    error: "Cancelled by a board operator",
    errorCode: "cancelled",
    resultJson: { executionCancellation: { state: "acknowledged" } },
  });
  expect(stage.pods.last(isOf(agentId))).toHaveLength(1);
  await expectNothingLeft(stage, agentId);
}
