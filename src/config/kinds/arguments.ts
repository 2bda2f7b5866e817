import { splitShellWords } from "../formats/shell-words.ts";
import { describeFound, type Kind, type Refuse } from "./kind.ts";

/** Options of `opencode run` (1.0 to 1.18) that belong to the run, with their short names and what to do instead. */
const runOptions: readonly { names: readonly string[]; instead: string }[] = [
  { names: ["model", "m"], instead: "set the model setting" },
  { names: ["format"], instead: "the run's output must stay JSON" },
  { names: ["session", "s", "continue", "c", "fork"], instead: "Paperclip decides which session goes on" },
  { names: ["attach", "port", "hostname", "password", "p", "username", "u"], instead: "the run is its own server" },
  { names: ["interactive", "i", "mini"], instead: "nobody sits at a run's terminal" },
  { names: ["help", "h", "version", "v"], instead: "OpenCode would print that and do nothing" },
];

/**
 * Why an argument would break the run, undefined if it would not. OpenCode's parser (yargs) takes `--model x`,
 * `--model=x`, `--no-model`, `--model.x`, `--m`, `-m x`, `-mx` and letters together, as in `-qm`.
 */
export function explainRunOption(argument: string): string | undefined {
  const long = /^--(?:no-)?([A-Za-z-]{1,60})/.exec(argument)?.[1];
  const letters = long === undefined ? [...(/^-([A-Za-z]{0,60})/.exec(argument)?.[1] ?? "")] : [];
  const found = runOptions.find(({ names }) => names.some((name) => name === long || letters.includes(name)));
  return found?.instead;
}

/** What follows a bare `--` is no option any more. */
function refuseRunOptions(args: readonly string[], refuse: Refuse): void {
  const end = args.indexOf("--");
  const options = end === -1 ? args : args.slice(0, end);
  for (const [index, option] of options.entries()) {
    const instead = explainRunOption(option);
    if (instead !== undefined) {
      refuse(`arguments without this one: ${instead}`, { at: [index], found: describeFound(option) });
    }
  }
}

/** Paperclip's form saves an array; other clients may send text. */
export const argumentsKind: Kind<readonly string[]> = {
  accepts: "an array, or text that is split as a shell does",
  control: "text",
  read(value, refuse) {
    if (typeof value === "string") {
      const words = splitShellWords(value);
      if (!words.ok) refuse(`arguments as a shell reads them (${words.reason})`);
      if (words.ok) refuseRunOptions(words.value, refuse);
      return words.ok ? words.value : [];
    }
    if (!Array.isArray(value)) {
      refuse("a list of arguments, or text");
      return [];
    }
    const args = value.flatMap((item: unknown, index) => {
      if (typeof item === "string" || typeof item === "number") return [String(item)];
      refuse("text", { at: [index], found: describeFound(item) });
      return [];
    });
    refuseRunOptions(args, refuse);
    return args;
  },
};
