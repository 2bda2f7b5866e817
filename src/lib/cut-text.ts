/** The beginning of a text that has at most so many bytes of UTF-8; a character is never cut in two. */
export function headOfBytes(text: string, bytes: number): string {
  if (fits(text, bytes)) return text;
  const buffer = Buffer.from(text.slice(0, bytes), "utf8");
  let end = Math.min(bytes, buffer.length);
  while (end > 0 && isContinuation(buffer[end])) end -= 1;
  return buffer.toString("utf8", 0, end);
}

/** The end of a text, in the same way. */
export function tailOfBytes(text: string, bytes: number): string {
  if (fits(text, bytes)) return text;
  const buffer = Buffer.from(text.slice(-bytes), "utf8");
  let start = Math.max(0, buffer.length - bytes);
  while (start < buffer.length && isContinuation(buffer[start])) start += 1;
  return buffer.toString("utf8", start);
}

/** No UTF-16 unit takes more than three bytes, so most texts need not be counted. */
function fits(text: string, bytes: number): boolean {
  return text.length * 3 <= bytes || Buffer.byteLength(text) <= bytes;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0b1100_0000) === 0b1000_0000;
}
