import { splitShellWords } from "../formats/shell-words.ts";
import { describeFound, type Kind } from "./kind.ts";

/** Paperclip's form saves an array; other clients may send text. */
export const argumentsKind: Kind<readonly string[]> = {
  accepts: "an array, or text that is split as a shell does",
  control: "text",
  read(value, refuse) {
    if (typeof value === "string") {
      const words = splitShellWords(value);
      if (!words.ok) refuse(`arguments as a shell reads them (${words.reason})`);
      return words.ok ? words.value : [];
    }
    if (!Array.isArray(value)) {
      refuse("a list of arguments, or text");
      return [];
    }
    return value.flatMap((item: unknown, index) => {
      if (typeof item === "string" || typeof item === "number") return [String(item)];
      refuse("text", { at: [index], found: describeFound(item) });
      return [];
    });
  },
};
