import { type Answer, say } from "../../model/answer.ts";
import type { ModelRequest } from "../../model/request.ts";

/** What the model answers in one turn, step by step; the last answer repeats. */
type Turn = readonly [Answer, ...Answer[]];

/**
 * Lets each test say what the model answers to its own agent: the agent's instructions name it as `[name]`. One that was
 * made on Paperclip's page has other instructions, and is known by the name in Paperclip's own prompt.
 */
export interface ModelScript {
  answer(request: ModelRequest): Answer;
  /** From now on, for this agent. */
  plays(agent: string, ...turn: Turn): void;
  /** An agent's instructions, by which its requests are known. */
  instructionsFor(agent: string): string;
}

export function createModelScript(): ModelScript {
  const turns = new Map<string, Turn>();
  return {
    answer(request) {
      const text = JSON.stringify(request.messages);
      for (const [agent, turn] of turns) {
        if (text.includes(`[${agent}]`) || text.includes(` (${agent}). Continue your Paperclip work`))
          return turn[request.step] ?? turn.at(-1) ?? turn[0];
      }
      return say("Nothing to do.");
    },
    plays: (agent, ...turn) => {
      turns.set(agent, turn);
    },
    instructionsFor: (agent) => `You are [${agent}]. Do what the task says and stop.`,
  };
}
