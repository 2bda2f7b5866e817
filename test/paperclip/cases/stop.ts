import { expect, test } from "vitest";
import type { Stage } from "../stage/stage.ts";
import { gatedAgent } from "./gate.ts";
import { isOf, leftovers } from "./wakes.ts";

export function stopCases(stage: () => Stage): void {
  test("the button on the run's page ends the pod, and the page says who stopped it", async () => {
    const { api, visit } = stage();
    const { agent, begin } = await gatedAgent(stage(), "stopped on the page", { graceSec: 5 });
    const runId = await begin();
    await visit(async (page) => {
      await page.openRun(agent.id, runId);
      await page.stopRun();
      await expect.poll(page.text, { timeout: 20_000 }).toContain("Cancelled by a board operator");
      expect(await page.text()).not.toContain("failed");
    });
    await expectStopped(stage(), agent.id, await api.run(runId));
  });

  test("a stop through the API is confirmed to Paperclip well before it gives up", async () => {
    const { api } = stage();
    const { agent, begin } = await gatedAgent(stage(), "stopped by a call", { graceSec: 5 });
    const runId = await begin();
    const begun = performance.now();
    await api.cancel(runId);
    const run = await api.runEnded(runId, 30_000);
    expect(performance.now() - begun).toBeLessThan(20_000);
    await expectStopped(stage(), agent.id, run);
  });
}

async function expectStopped(stage: Stage, agentId: string, run: object): Promise<void> {
  expect(run).toMatchObject({
    status: "cancelled",
    error: "Cancelled by a board operator",
    errorCode: "cancelled",
    resultJson: { executionCancellation: { state: "acknowledged" } },
  });
  expect(stage.pods.last(isOf(agentId))).toHaveLength(1);
  await expect.poll(() => leftovers(stage, agentId), { timeout: 20_000, interval: 500 }).toEqual([]);
}
