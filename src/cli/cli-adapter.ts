import { styleText } from "node:util";
import type { CLIAdapterModule } from "@paperclipai/adapter-utils";
import { type FormattedText, formatLine, type Tone } from "./format-line.ts";

const styles: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = {
  assistant: "green",
  thinking: "gray",
  tool: "yellow",
  quiet: "gray",
  status: "blue",
  error: "red",
  plain: "reset",
};

/** Colours only where the terminal takes them: `styleText` looks at the stream, NO_COLOR and FORCE_COLOR. */
function coloured({ tone, text }: FormattedText): string {
  return tone === "plain" ? text : styleText(styles[tone], text, { stream: process.stdout });
}

/** Formats a run's output for `paperclipai` in a terminal. */
export function createCliAdapter(
  type: string,
  write: (text: string) => void = (text) => process.stdout.write(text),
): CLIAdapterModule {
  return {
    type,
    formatStdoutEvent(line, debug) {
      for (const piece of formatLine(line, debug)) write(`${coloured(piece)}\n`);
    },
  };
}
