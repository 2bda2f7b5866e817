import { createLineSplitter } from "../lib/lines.ts";
import { ApiError } from "./api-error.ts";
import type { Resource, Resources, WatchEvent } from "./cluster.ts";
import { pathOf, queryOf } from "./paths.ts";
import { errorFrom, readRefusal } from "./refusal.ts";
import type { Transport } from "./transport.ts";
import { unreachable } from "./unreachable.ts";

export interface WatchRequest<R extends Resource> {
  resource: R;
  namespace: string;
  labelSelector?: string;
  resourceVersion: string;
  signal: AbortSignal;
}

/** The server ends a watch after this many seconds, so that a dead one is noticed at the latest then; spread, so that replicas do not beat as one. */
const watchSeconds = { least: 240, spread: 60 };

export async function* watchCollection<R extends Resource>(
  transport: Transport,
  { resource, namespace, labelSelector, resourceVersion, signal }: WatchRequest<R>,
): AsyncGenerator<WatchEvent<Resources[R]>> {
  const query = queryOf({
    watch: true,
    allowWatchBookmarks: true,
    labelSelector,
    resourceVersion,
    timeoutSeconds: watchSeconds.least + Math.floor(Math.random() * watchSeconds.spread),
  });
  const path = `${pathOf(resource, namespace)}${query}`;
  const response = await transport.send({ method: "GET", path, stream: true, signal });
  const lines = createLineSplitter();
  try {
    if (response.status !== 200) throw await readRefusal(response);
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      for (const line of lines.push(chunk)) yield readEvent<R>(line.toString("utf8"));
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof ApiError) throw error;
    throw unreachable(transport.server, error);
  }
}

function readEvent<R extends Resource>(line: string): WatchEvent<Resources[R]> {
  const event = JSON.parse(line) as { type: string; object: Resources[R] & { code?: number } };
  if (event.type === "ERROR") throw errorFrom(event.object.code ?? 500, undefined, JSON.stringify(event.object));
  if (event.type === "BOOKMARK") {
    return { type: "BOOKMARK", resourceVersion: event.object.metadata?.resourceVersion ?? "" };
  }
  return event as WatchEvent<Resources[R]>;
}
