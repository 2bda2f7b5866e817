import { expect } from "vitest";
import { say } from "../../model/answer.ts";
import type { Stage } from "../stage/stage.ts";
import { hire, wordsOf } from "./worker.ts";

export const wordsBefore = "Before the gate.";
export const wordsAfter = "After the gate.";

/**
 * An agent that says something, calls a tool that waits until its gate is opened, and says something more: a run that
 * lasts as long as a test wants.
 */
export async function gatedAgent(stage: Stage, name: string, config: Record<string, unknown> = {}) {
  const { api, model, writeFile } = stage;
  const agent = await hire(stage, name, config);
  const gate = `gates/${agent.id}`;
  const command = `until [ -e /paperclip/${gate} ]; do sleep 0.3; done; echo open`;
  const waiting = { name: "bash", input: { command, description: "wait", timeout: 280_000 } };
  model.plays(name, { kind: "speech", text: wordsBefore, calls: [waiting] }, say(wordsAfter));
  const words = async (runId: string) => wordsOf(await api.log(runId));
  return {
    agent,
    words,
    open: () => writeFile(gate, ""),
    /** Wakes the agent and waits until it stands at the gate; returns the id of the run. */
    async begin(): Promise<string> {
      const { id } = await api.invoke(agent.id);
      await expect.poll(() => words(id), { timeout: 60_000, interval: 300 }).toEqual([wordsBefore]);
      return id;
    },
  };
}
