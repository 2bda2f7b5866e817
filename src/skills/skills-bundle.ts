import path from "node:path";
import type { PaperclipSkillEntry } from "@paperclipai/adapter-utils/server-utils";
import { messageOf } from "../lib/message.ts";
import { readUntrustedFile } from "../lib/read-untrusted-file.ts";
import type { Env } from "../volume/homes.ts";
import { rulesForFolder } from "../volume/read-rules.ts";
import { readAvailableSkills } from "./available-skills.ts";

export interface SkillsBundle {
  markdown: string;
  notes: string[];
  warnings: string[];
}

/**
 * The chosen skills' SKILL.md as one text for the prompt. A skill that cannot be had is a warning, never silent. The
 * server names each skill's folder, but agents may write in it. `env` is Paperclip's own.
 */
export async function readSkillsBundle(config: Readonly<Record<string, unknown>>, env: Env): Promise<SkillsBundle> {
  const { entries, desired } = await readAvailableSkills(config);
  const read = await Promise.all(
    desired.map((key) => {
      const entry = entries.find((candidate) => candidate.key === key);
      return entry
        ? readSkill(entry, env)
        : { warning: `The skill ${key} is not among the company's skills; the run goes on without it.` };
    }),
  );
  const sections = read.flatMap((skill) => ("section" in skill ? [skill] : []));
  return {
    markdown: sections.map(({ section }) => section).join("\n\n---\n\n"),
    notes: sections.length === 0 ? [] : [`The prompt holds the skills ${sections.map(({ name }) => name).join(", ")}.`],
    warnings: read.flatMap((skill) => ("warning" in skill ? [skill.warning] : [])),
  };
}

async function readSkill(
  entry: PaperclipSkillEntry,
  env: Env,
): Promise<{ name: string; section: string } | { warning: string }> {
  if (entry.sourceStatus === "missing") {
    const why = entry.missingDetail ?? "its files are missing";
    return { warning: `The skill ${entry.key} cannot be used (${why}); the run goes on without it.` };
  }
  try {
    const source = path.resolve(entry.source);
    const markdown = await readUntrustedFile(path.join(source, "SKILL.md"), rulesForFolder(source, env));
    const heading = `# Skill: ${entry.runtimeName}\n\n${describeFolder(entry.source)}`;
    return { name: entry.runtimeName, section: `${heading}\n\n${markdown.trim()}` };
  } catch (error) {
    return { warning: `The skill ${entry.key} could not be read (${messageOf(error)}); the run goes on without it.` };
  }
}

/** A folder on the shared volume has the same path in the agent's pod; any other is there only if the image has it. */
function describeFolder(source: string): string {
  const start = `This skill's scripts and references are in ${source}; relative paths start there.`;
  return source.startsWith("/paperclip/") ? start : `${start} If that folder does not exist here, use this text alone.`;
}
