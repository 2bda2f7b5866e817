import type { ToolEvent } from "./event.ts";
import { recordOf, wordOf } from "./json-value.ts";

/** What OpenCode's own tools act on, by the names of their input (1.18.33); the first that is there. */
const acting = ["command", "filePath", "path", "pattern", "url", "query", "name", "description"] as const;

/** A tool call in a few words, such as `bash ls -la`. */
export function describeTool({ tool, input, title, failed }: ToolEvent): string {
  const given = recordOf(input);
  const on = acting.map((name) => wordOf(given[name])).find((word) => word !== undefined) ?? title ?? "";
  return `${tool}${failed ? " (failed)" : ""} ${on}`.trim();
}
