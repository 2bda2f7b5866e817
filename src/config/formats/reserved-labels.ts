const reservedPrefixes = ["paperclip.io/", "batch.kubernetes.io/"];
const reservedKeys = ["app.kubernetes.io/managed-by", "app.kubernetes.io/component", "job-name", "controller-uid"];

/** Labels by which the adapter and the Job controller find what is theirs: a user's value would hide a run from them. */
export function isReservedLabel(key: string): boolean {
  return reservedKeys.includes(key) || reservedPrefixes.some((prefix) => key.startsWith(prefix));
}
