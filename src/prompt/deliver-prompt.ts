const kib = 1024;

/** Up to here a prompt travels in the pod's environment. */
const longestInEnvironment = 256 * kib;
/** Linux refuses a single `NAME=value` over 128 KiB (MAX_ARG_STRLEN). */
const longestVariable = 96 * kib;
/** A Secret holds 1 MiB at most; the rest is room for its keys. */
const longestInSecret = 900 * kib;
const longestPrompt = 16 * kib * kib;

export type DeliveredPrompt =
  | { kind: "env"; parts: readonly string[] }
  /** Each item is the data of one Secret, in order. */
  | { kind: "secret"; secrets: readonly (readonly Uint8Array[])[] }
  | { kind: "too-large"; bytes: number };

/** Decides how a prompt gets into the pod, and cuts it for that way. The parts in order are the prompt, byte for byte. */
export function deliverPrompt(text: string): DeliveredPrompt {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > longestPrompt) return { kind: "too-large", bytes: bytes.length };
  // No environment variable can hold a NUL.
  if (bytes.length > longestInEnvironment || bytes.includes(0)) {
    return { kind: "secret", secrets: cut(bytes, longestInSecret).map((part) => [part]) };
  }
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return { kind: "env", parts: cutBetweenCharacters(bytes, longestVariable).map((part) => decoder.decode(part)) };
}

function cut(bytes: Uint8Array, length: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += length) parts.push(bytes.subarray(start, start + length));
  return parts;
}

function cutBetweenCharacters(bytes: Uint8Array, length: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  while (start < bytes.length) {
    let end = Math.min(start + length, bytes.length);
    while (end < bytes.length && isContinuation(bytes[end])) end -= 1;
    parts.push(bytes.subarray(start, end));
    start = end;
  }
  return parts;
}

/** Whether a byte is inside a character of UTF-8 (10xxxxxx). */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0b1100_0000) === 0b1000_0000;
}
