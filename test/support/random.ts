/** A source of numbers from 0 to 1 that gives the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A text of up to `length` of the given pieces. */
export function textOf(pieces: readonly string[], length: number, random: () => number): string {
  const count = Math.floor(random() * (length + 1));
  return Array.from({ length: count }, () => pieces[Math.floor(random() * pieces.length)]).join("");
}
