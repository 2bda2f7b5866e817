import type { AdapterSkillContext, AdapterSkillSnapshot } from "@paperclipai/adapter-utils";
import { readAvailableSkills } from "./available-skills.ts";

/** Which skills an agent has, for Paperclip's page. */
export async function listSkills({ adapterType, config }: AdapterSkillContext): Promise<AdapterSkillSnapshot> {
  const helpers = await import("@paperclipai/adapter-utils/server-utils");
  const { entries, desired } = await readAvailableSkills(config);
  return helpers.buildRuntimeMountedSkillSnapshot({
    adapterType,
    availableEntries: entries,
    desiredSkills: desired,
    configuredDetail: "Stands in the prompt of every run.",
    mode: "ephemeral",
  });
}

/** Nothing has to be put anywhere, since each run reads its skills: the answer is what the choice amounts to. */
export async function syncSkills(context: AdapterSkillContext, desiredSkills: string[]): Promise<AdapterSkillSnapshot> {
  const helpers = await import("@paperclipai/adapter-utils/server-utils");
  return listSkills({ ...context, config: helpers.writePaperclipSkillSyncPreference(context.config, desiredSkills) });
}
