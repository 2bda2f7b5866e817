/** A length of time as people say it: whole minutes as such, all else in seconds, rounded up, so never as 0 minutes. */
export function durationWords(ms: number): string {
  if (ms >= 60_000 && ms % 60_000 === 0) return counted(ms / 60_000, "minute");
  return counted(Math.ceil(ms / 1_000), "second");
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
