/**
 * Characters of one call to Paperclip's run log. Of a longer one only the last 8,192 go out live, and of one over 65,536
 * the middle is cut out of the stored log too (server 2026.916.1, heartbeat `onLog`; both in UTF-16 units).
 */
export const longestCall = 8_000;

/** So far before the limit a place is looked for where a long line may be cut: the server hides secrets call by call. */
const window = 1_000;

/**
 * A text in pieces of at most `limit` characters, nothing added and nothing lost: at line ends where it has some, else
 * between words, never within a surrogate pair. Whoever reads the log joins a stream's calls before it looks for lines.
 */
export function piecesOf(text: string, limit: number = longestCall): string[] {
  const pieces: string[] = [];
  let from = 0;
  while (text.length - from > limit) {
    const end = cutOf(text, from, limit);
    pieces.push(text.slice(from, end));
    from = end;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

function cutOf(text: string, from: number, limit: number): number {
  const latest = from + limit;
  const lineEnd = text.lastIndexOf("\n", latest - 1);
  if (lineEnd >= from) return lineEnd + 1;
  for (let at = latest; at > Math.max(latest - window, from + 1); at--) {
    if (/[\s",;{}[\]]/.test(text[at - 1] ?? "")) return at;
  }
  const isWithinPair = /[\ud800-\udbff]/.test(text[latest - 1] ?? "") && /[\udc00-\udfff]/.test(text[latest] ?? "");
  return isWithinPair && latest - 1 > from ? latest - 1 : latest;
}
