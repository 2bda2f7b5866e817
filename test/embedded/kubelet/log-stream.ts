import { type FileHandle, open } from "node:fs/promises";
import type { OpenStream } from "../api-server/open-streams.ts";
import type { ContainerLog } from "./container-log.ts";
import { createCriRenderer, type RenderOptions, tailStart } from "./cri-renderer.ts";

export interface LogQuery extends RenderOptions {
  follow: boolean;
  tailLines?: number;
}

const chunkBytes = 64 * 1024;

/**
 * Sends a container's log as kubelet does: the current file only; a follow goes on until the container is gone and
 * everything is read, and after a rotation continues with the newest file from its start.
 */
export async function streamLog(log: ContainerLog, query: LogQuery, stream: OpenStream): Promise<void> {
  const { tailLines } = query;
  const limited = tailLines !== undefined && !query.follow;
  const renderer = createCriRenderer({ ...query, ...(limited ? { maxRecords: tailLines } : {}) });
  for await (const bytes of readLog(log, query, stream.signal)) {
    const body = renderer.push(bytes);
    if (body.length > 0 && !(await stream.write(body))) return;
    if (renderer.full) return;
  }
}

async function* readLog(
  log: ContainerLog,
  { follow, tailLines }: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  let { generation } = log;
  let file = await openIfThere(log.file);
  let position = file && tailLines !== undefined ? tailStart(await wholeFile(file), tailLines) : 0;
  try {
    while (file && !signal.aborted) {
      // Taken before reading, so that what is written meanwhile is seen as a change.
      const before = { ended: log.ended, generation: log.generation, changes: log.changes };
      const bytes = await readAt(file, position);
      position += bytes.length;
      if (bytes.length > 0) yield bytes;
      else if (before.generation !== generation) {
        await file.close();
        file = await openIfThere(log.file);
        generation = before.generation;
        position = 0;
      } else if (before.ended || !follow) return;
      else await log.changedSince(before.changes, signal);
    }
  } finally {
    await file?.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch {
    return undefined; // The pod was removed in the meantime.
  }
}

async function readAt(file: FileHandle, position: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, position);
  return buffer.subarray(0, bytesRead);
}

async function wholeFile(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(size), 0, size, 0);
  return buffer.subarray(0, bytesRead);
}
