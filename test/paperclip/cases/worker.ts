import type { LogChunk, Run } from "../stage/paperclip-api.ts";
import { adapterType, type Stage } from "../stage/stage.ts";

/** Little enough for many agents on a small machine. Written as Paperclip's form writes it. */
const modest = {
  model: "scripted/scripted",
  "resources.requests.cpu": "50m",
  "resources.requests.memory": "128Mi",
  "resources.limits.cpu": "2",
  "resources.limits.memory": "2Gi",
};

/** An agent made through the API; the model knows its requests by its name. */
export function hire({ api, companyId, model }: Stage, name: string, config: Record<string, unknown> = {}) {
  const adapterConfig = Object.fromEntries(
    Object.entries({ ...modest, ...config }).filter(([, value]) => value !== undefined),
  );
  return api.createAgent(companyId, { name, adapterType, adapterConfig, instructions: model.instructionsFor(name) });
}

export interface Wake {
  run: Run;
  log: LogChunk[];
  /** What stands in the log as the agent's output, line by line. */
  lines: string[];
}

/** Wakes the agent as the page's button does, and waits for the end. */
export async function wake({ api }: Stage, agentId: string): Promise<Wake> {
  const { id } = await api.invoke(agentId);
  const run = await api.runEnded(id);
  const log = await api.log(id);
  return { run, log, lines: linesOf(log) };
}

function linesOf(log: readonly LogChunk[]): string[] {
  const stdout = log.filter(({ stream }) => stream === "stdout").map(({ chunk }) => chunk);
  return stdout.join("").split("\n").slice(0, -1);
}

/** The agent's words in a run's log, in order. */
export function wordsOf(log: readonly LogChunk[]): string[] {
  return eventsOf(linesOf(log)).flatMap(({ type, part }) => (type === "text" && part?.text ? [part.text] : []));
}

interface OutputEvent {
  type?: string;
  part?: { text?: string };
}

function eventsOf(lines: readonly string[]): OutputEvent[] {
  return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as OutputEvent);
}
