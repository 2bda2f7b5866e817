/** The text of anything thrown, with its causes: "connect refused: ECONNREFUSED 10.96.0.1:443". */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const own = thrown.message || thrown.name;
  if (thrown.cause === undefined) return own;
  const cause = messageOf(thrown.cause);
  return own.includes(cause) ? own : `${own}: ${cause}`;
}
