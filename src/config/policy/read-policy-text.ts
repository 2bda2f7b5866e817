import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { normalize } from "node:path";
import type { Parsed } from "../formats/text.ts";

const mostBytes = 256 * 1024;

/**
 * The policy's text: the variable's own, or that of the file whose absolute path it is. The file may not be on the shared
 * volume, where agents write.
 */
export async function readPolicyText(value: string, sharedVolume = "/paperclip"): Promise<Parsed<string>> {
  const text = value.trim();
  if (!text.startsWith("/")) return { ok: true, value };
  const isShared = (path: string) => path === sharedVolume || path.startsWith(`${sharedVolume}/`);
  const reason = `the file ${text} is on the shared volume ${sharedVolume}, where agents can write it`;
  if (isShared(normalize(text))) return { ok: false, reason };
  try {
    // A ConfigMap's file is a link: what counts is where it leads.
    const path = await realpath(text);
    return isShared(path) ? { ok: false, reason } : await readBounded(path);
  } catch (error) {
    return { ok: false, reason: `the file ${text} cannot be read: ${codeOf(error)}` };
  }
}

async function readBounded(path: string): Promise<Parsed<string>> {
  // A pipe that nobody writes to would not even open.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) return { ok: false, reason: `${path} is not a regular file` };
    const buffer = Buffer.alloc(mostBytes + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > mostBytes) return { ok: false, reason: `the file ${path} has more than ${mostBytes} bytes` };
    return { ok: true, value: buffer.toString("utf8", 0, bytesRead) };
  } finally {
    await file.close();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
