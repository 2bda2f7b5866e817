/** A path or an address without the slashes at its end. A pattern such as `/\/+$/` takes the square of a run of slashes. */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === "/") end -= 1;
  return text.slice(0, end);
}
