import path from "node:path";
import { messageOf } from "../lib/message.ts";
import { readUntrustedFile, UnsafeFile } from "../lib/read-untrusted-file.ts";
import { type Reader, rulesForAgentFile } from "../volume/read-rules.ts";

export interface Instructions {
  text: string;
  notes: string[];
  warnings: string[];
}

/**
 * The agent's instructions file with the word where its relative paths start. One that cannot or must not be read is a
 * warning: the agent itself may have named it, and can write where it lies.
 */
export async function readInstructions(
  file: string | undefined,
  { cwd, ...reader }: Reader & { cwd: string },
): Promise<Instructions> {
  if (file === undefined) return { text: "", notes: [], warnings: [] };
  const resolved = path.resolve(cwd, file);
  const folder = `${path.dirname(resolved)}/`;
  try {
    const contents = await readUntrustedFile(resolved, rulesForAgentFile(resolved, reader));
    return {
      text: `${contents}\n\nThese instructions come from ${resolved}. Relative file references in them start at ${folder}.`,
      notes: [`The prompt starts with the instructions of ${resolved}; relative references start at ${folder}.`],
      warnings: [],
    };
  } catch (error) {
    const how = error instanceof UnsafeFile ? "is not read" : "could not be read";
    return {
      text: "",
      notes: [`The instructions file ${resolved} ${how}; the prompt goes without it.`],
      warnings: [`The instructions file ${resolved} ${how} (${messageOf(error)}); the run goes on without it.`],
    };
  }
}
