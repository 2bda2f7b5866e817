import { PassThrough, Readable } from "node:stream";
import type { HttpRequest, HttpResponse, Transport } from "../../../src/cluster/transport.ts";
import { answerObjects } from "./api-resources.ts";
import { type Reply, replyOf } from "./http-exchange.ts";
import { createIdentities } from "./identities.ts";
import { readSelector, readWatchStart, type WatchDependencies, watchObjects } from "./list-watch.ts";
import type { OpenStreams } from "./open-streams.ts";
import { readRequestInfo } from "./request-info.ts";
import { noSuchResource } from "./status-error.ts";

/** What the API server answers an administrator, without HTTP in between: no connection, no authorisation, no logs. */
export function createInProcessTransport(parts: WatchDependencies & { streams: OpenStreams }): Pick<Transport, "send"> {
  const identities = createIdentities();
  const user = identities.userOf(identities.adminToken);

  function answer({ method, path, body, contentType }: HttpRequest): Reply | PassThrough {
    const info = readRequestInfo(method, path);
    const { type } = info;
    if (!type || !user || info.subresource === "log") throw noSuchResource();
    if (info.verb !== "watch") {
      const bytes = Buffer.from(body === undefined ? "" : JSON.stringify(body));
      const headers = { "content-type": contentType ?? "application/json" };
      return answerObjects({ store: parts.store, identities, user, info, type, headers, body: bytes });
    }
    const selector = readSelector(info, type);
    readWatchStart(info);
    const events = new PassThrough();
    watchObjects(parts, { type, selector, stream: parts.streams.open("watch", info, events) });
    return events;
  }

  return {
    async send(request) {
      request.signal.throwIfAborted();
      const reply = settle(() => answer(request));
      if (!(reply instanceof PassThrough)) {
        const text = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body);
        return { status: reply.status, headers: reply.headers ?? {}, body: bodyOf(Readable.from([Buffer.from(text)])) };
      }
      request.signal.addEventListener("abort", () => reply.destroy(), { once: true });
      return { status: 200, headers: {}, body: bodyOf(reply) };
    },
  };
}

function settle<T>(answer: () => T): T | Reply {
  try {
    return answer();
  } catch (error) {
    return replyOf(error);
  }
}

/** A body as undici gives it, with the one of its readers that is used here. */
function bodyOf(stream: Readable): HttpResponse["body"] {
  const text = async () => Buffer.concat(await stream.toArray()).toString("utf8");
  return Object.assign(stream, { text }) as unknown as HttpResponse["body"];
}
