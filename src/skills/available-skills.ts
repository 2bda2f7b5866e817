import type { PaperclipSkillEntry } from "@paperclipai/adapter-utils/server-utils";

export interface AvailableSkills {
  entries: PaperclipSkillEntry[];
  /** Keys in the order of choice; Paperclip's operational skill is always the first. */
  desired: string[];
}

/** What the server hands over in `paperclipRuntimeSkills`, and which of it the agent shall have. */
export async function readAvailableSkills(config: Readonly<Record<string, unknown>>): Promise<AvailableSkills> {
  const helpers = await import("@paperclipai/adapter-utils/server-utils");
  // Without this list the helper would look for skills beside the adapter's own files, where none are.
  const given = { ...config, paperclipRuntimeSkills: config["paperclipRuntimeSkills"] ?? [] };
  const entries = await helpers.readPaperclipRuntimeSkillEntries(given, import.meta.dirname);
  return { entries, desired: helpers.resolveLegacyPaperclipDesiredSkillNames(given, entries) };
}
