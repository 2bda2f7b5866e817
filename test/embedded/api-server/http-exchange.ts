import type { IncomingMessage, ServerResponse } from "node:http";
import { StatusError } from "./status-error.ts";

/** An answer that fits in memory; streams write to the response themselves. */
export interface Reply {
  status: number;
  body: object | string;
  headers?: Record<string, string>;
}

/** Bytes the server reads of a body before it refuses (API: MaxRequestBodyBytes, seen with 1.34 at 3 MiB). */
const bodyLimit = 3 * 1024 * 1024;

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= bodyLimit) chunks.push(chunk);
  }
  if (size > bodyLimit) {
    throw new StatusError(413, `Request entity too large: limit is ${bodyLimit}`, { reason: "RequestEntityTooLarge" });
  }
  return Buffer.concat(chunks);
}

export function sendReply(response: ServerResponse, { status, body, headers = {} }: Reply): void {
  const text = typeof body === "string" ? body : `${JSON.stringify(body)}\n`;
  const type = typeof body === "string" ? "text/plain; charset=utf-8" : "application/json";
  response.writeHead(status, {
    "cache-control": "no-cache, private",
    "content-type": type,
    "content-length": String(Buffer.byteLength(text)),
    ...headers,
  });
  response.end(text);
}

export function replyOf(error: unknown): Reply {
  if (error instanceof StatusError) {
    const seconds = error.details?.retryAfterSeconds;
    return {
      status: error.code,
      body: error.toBody(),
      ...(seconds === undefined ? {} : { headers: { "retry-after": String(seconds) } }),
    };
  }
  const message = `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`;
  return { status: 500, body: new StatusError(500, message, { reason: "InternalError" }).toBody() };
}
