import { readFile } from "node:fs/promises";
import path from "node:path";
import { messageOf } from "../lib/message.ts";

export interface Instructions {
  text: string;
  notes: string[];
  warnings: string[];
}

/** The agent's instructions file with the word where its relative paths start; a file that cannot be read is a warning. */
export async function readInstructions(file: string | undefined, cwd: string): Promise<Instructions> {
  if (file === undefined) return { text: "", notes: [], warnings: [] };
  const resolved = path.resolve(cwd, file);
  const folder = `${path.dirname(resolved)}/`;
  try {
    const contents = await readFile(resolved, "utf8");
    return {
      text: `${contents}\n\nThese instructions come from ${resolved}. Relative file references in them start at ${folder}.`,
      notes: [`The prompt starts with the instructions of ${resolved}; relative references start at ${folder}.`],
      warnings: [],
    };
  } catch (error) {
    return {
      text: "",
      notes: [`The instructions file ${resolved} could not be read; the prompt goes without it.`],
      warnings: [
        `The instructions file ${resolved} could not be read (${messageOf(error)}); the run goes on without it.`,
      ],
    };
  }
}
