import { incidents } from "../../test/stories/incidents.ts";
import { type KeptRow, keptRows } from "../../test/stories/table.ts";
import { table } from "./markdown.ts";

const longest = 220;

/** docs/endings.md, from the rows that the stories are held to. */
export function buildEndingsPage(): string {
  const groups = [...Map.groupBy(keptRows(), ({ group }) => group)].map(
    ([group, list]) => `## ${group}\n\n${table(head, list.map(cellsOf))}`,
  );
  const caught = incidents.map(({ what, test, file: name }) => [what, test, `\`${name}\``]);
  return `# How runs end

What was done to a run, what its user sees of it, and what it cost. Every row is played by a story in every run of the
tests, and the story fails when its run ends in another way or with other words. "embedded" is the cluster in the tests'
own process; "real" is a Kubernetes 1.34, where the cluster's own words in a message may differ. Long messages are cut.

${groups.join("\n\n")}

## Incidents of earlier implementations

${table(["What happened in production", "The test that would have caught it", "In"], caught)}
`;
}

const head = ["What was done", "Played on", "Code", "Message", "Lines lost", "Repeated", "Left behind"];

function cellsOf({ fault, worlds, code, message, lost, repeated, left }: KeptRow): string[] {
  return [fault, worlds.join(", "), `\`${code}\``, shorten(message), lost, repeated, left];
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}
