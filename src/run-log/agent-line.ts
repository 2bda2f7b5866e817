import { visibleText } from "../lib/visible-text.ts";

/** Stands before an agent's line that would pass for the adapter's. */
const agentPrefix = "[agent]";

/**
 * An agent's line as it goes into the run's log. One that begins like the adapter's own is marked as the agent's, also
 * where blanks, colours or characters without a width stand before it: pages and terminals do not show those.
 */
export function asAgentLine(line: string): string {
  if (!/\[paperclip/i.test(line)) return line;
  const shown = visibleText(line).replace(/^[\s\p{Cf}\p{Zs}]+/u, "");
  return /^\[paperclip/i.test(shown) ? `${agentPrefix} ${line}` : line;
}
