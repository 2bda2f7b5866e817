/**
 * What a terminal obeys instead of showing (ECMA-48): colours and cursor moves (CSI), titles, links and clipboards (OSC
 * and the other strings up to their terminator), and the two-character sequences. No part of the pattern can match the
 * beginning of another match, so it is linear whatever the text.
 */
const sequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with control characters
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u0080-\u009f]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-~]/g;

/** C0 and C1 controls except tab and newline, and the marks that turn the direction of what is shown (bidi). */
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** An agent's text as it can be shown in a terminal or a message: it moves no cursor, sets no title, reorders no word. */
export function visibleText(text: string): string {
  return text.replace(sequences, "").replace(hidden, "");
}

/** The same on one line, every run of white space a single blank. */
export function visibleLine(text: string): string {
  return visibleText(text).replace(/\s+/g, " ").trim();
}
