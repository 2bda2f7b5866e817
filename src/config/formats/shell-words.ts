import type { Parsed } from "./text.ts";

const word = /(?:[^\s"'\\,]|,(?!\s|-|$)|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')+/y;
const separator = /(?:\s|,)+/y;

/** More than a command line of arguments needs. */
const longest = 64 * 1024;

/**
 * Splits arguments as a shell does, with quotes and backslashes, and at commas as Paperclip's form does, which asks for
 * "comma-separated" arguments. A comma inside a word, as in `--models=a,b`, does not split: only one before a blank,
 * before a dash or at the end does.
 */
export function splitShellWords(text: string): Parsed<string[]> {
  if (text.length > longest) return { ok: false, reason: `they have more than ${longest} characters` };
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    separator.lastIndex = at;
    if (separator.test(text)) {
      at = separator.lastIndex;
      continue;
    }
    word.lastIndex = at;
    const match = word.exec(text);
    if (!match) return { ok: false, reason: `the quote at ${JSON.stringify(text.slice(at, at + 20))} is not closed` };
    words.push(unquote(match[0]));
    at = word.lastIndex;
  }
  return { ok: true, value: words };
}

function unquote(raw: string): string {
  return raw.replace(/"(?:[^"\\]|\\[\s\S])*"|'[^']*'|\\[\s\S]/g, (part) => {
    if (part.startsWith("'")) return part.slice(1, -1);
    if (part.startsWith('"')) return part.slice(1, -1).replace(/\\(["\\$`])/g, "$1");
    return part.slice(1);
  });
}
