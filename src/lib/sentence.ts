/**
 * Joins texts that come from different places into sentences with exactly one full stop between them: a text may end
 * without one, with one, with several, or with "!" or "?". Empty texts are left out.
 *
 * The last text ends as it is, apart from surplus full stops.
 */
export function sentence(...texts: readonly (string | undefined)[]): string {
  const given = texts.map((text) => withoutSurplusStops(text ?? "")).filter((text) => text !== "");
  return given.map((text, index) => (index < given.length - 1 ? closed(text) : text)).join(" ");
}

/** "requests.." and "memory. ." end in one full stop; an ellipsis stays, since it says that something was left out. */
function withoutSurplusStops(text: string): string {
  const trimmed = text.trim();
  let start = trimmed.length;
  while (start > 0 && /[.\s]/.test(trimmed.charAt(start - 1))) start -= 1;
  const end = trimmed.slice(start);
  return end.length <= 1 || end === "..." ? trimmed : `${trimmed.slice(0, start)}.`;
}

function closed(text: string): string {
  return /[.!?…]["')\]]?$/.test(text) ? text : `${text.replace(/[,;:]$/, "")}.`;
}
