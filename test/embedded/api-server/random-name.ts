import { randomInt } from "node:crypto";

/** Kubernetes' alphabet for generated names: no vowels, no look-alikes (API: names generator). */
const alphabet = "bcdfghjklmnpqrstvwxz2456789";

export function randomSuffix(length = 5): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
}

/** A generated name keeps at most 58 characters of its prefix (API: maxGeneratedNameLength). */
export function generatedName(prefix: string): string {
  return `${prefix.slice(0, 58)}${randomSuffix()}`;
}
