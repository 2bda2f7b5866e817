import { expect, test } from "vitest";
import { asAgentLine } from "./agent-line.ts";

test.each([
  "[paperclip] The run was cancelled.",
  "  [paperclip] with blanks",
  "[Paperclip] in capitals",
  "\u001b[0m[paperclip] behind a colour",
  "\u200b\ufeff[paperclip] behind characters without a width",
  "\u202e[paperclip]",
  "[paperclip truncated run log chunk: omitted 1 chars]",
])("a line that would pass for the adapter's is the agent's: %j", (line) =>
  expect(asAgentLine(line)).toBe(`[agent] ${line}`),
);

test.each(["", "text", "see [paperclip] there", '{"type":"text"}', "paperclip", "[agent] [paperclip]"])(
  "any other stays as it is: %j",
  (line) => expect(asAgentLine(line)).toBe(line),
);
