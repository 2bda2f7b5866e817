import { sharedHome } from "../lib/well-known-paths.ts";

/** Where things stand in the agent's container. */
export const path = {
  /** The shared volume, in Paperclip's pod and in ours. */
  shared: sharedHome,
  /** An emptyDir of the run alone: temporary files, caches, the live database. */
  run: "/opencode-run",
  /** The run's scratch files alone, made by the launcher: an agent may empty it at any time. */
  scratch: "/opencode-run/scratch",
  /** The agent's own claim in `dedicated_pvc` mode. */
  database: "/opencode-db",
  prompt: "/opencode-prompt",
  promptParts: "/opencode-prompt-parts",
} as const;

export const promptFile = `${path.prompt}/prompt`;

/** Where the working directory is when nothing on a volume was named. */
export const ownWorkingDirectory = `${path.run}/work`;

/** All agents' kept databases, on the shared volume. */
export const savedDatabasesPath = `${path.shared}/.opencode-k8s`;

/** Where an agent's database is kept between runs, on the shared volume. */
export function savedDatabasePath(agentId: string): string {
  return `${savedDatabasesPath}/${agentId.replace(/[^A-Za-z0-9._-]/g, "_")}`;
}
