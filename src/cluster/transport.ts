import type { Dispatcher } from "undici";
import { untilAborted } from "../lib/until-aborted.ts";
import { type CredentialSource, loadCredentials } from "./credentials.ts";
import { createPoolSet } from "./pools.ts";
import { unreachable } from "./unreachable.ts";

export interface HttpRequest {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Path and query. */
  path: string;
  body?: object;
  contentType?: string;
  /** A watch or a followed log: its body has no end in sight, so it must hold none of the connections for requests. */
  stream?: boolean;
  signal: AbortSignal;
}

export interface HttpResponse {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Dispatcher.ResponseData["body"];
}

/** HTTP with the cluster's credentials over kept connections. Knows nothing of Kubernetes objects. */
export interface Transport {
  readonly server: string;
  readonly namespace: string | undefined;
  /**
   * Throws `ApiError` when no answer comes, kind "unreachable" or, if none can come, "misconfigured"; the signal's reason
   * as soon as it is aborted.
   */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Reads the credentials anew, after a 401: server, proxy and user may all have changed. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

export async function createTransport(source: CredentialSource): Promise<Transport> {
  const { request } = await import("undici");
  let credentials = await loadCredentials(source);
  const pools = await createPoolSet();
  // Whoever connects learns at once that nobody can be signed in, or that the proxy is none.
  pools.to({ ...credentials, ...(await credentials.authenticate()) });

  async function exchange(call: HttpRequest): Promise<HttpResponse> {
    call.signal.throwIfAborted();
    const used = credentials;
    const { headers, tls } = await used.authenticate();
    call.signal.throwIfAborted();
    const connections = pools.to({ ...used, tls });
    const release = connections.hold();
    try {
      const response = await request(`${used.server}${call.path}`, {
        method: call.method,
        dispatcher: call.stream ? connections.streams : connections.requests,
        headers: {
          accept: "application/json",
          "user-agent": "paperclip-adapter-opencode-kubernetes",
          ...(call.body ? { "content-type": call.contentType ?? "application/json" } : {}),
          ...headers,
        },
        body: call.body ? JSON.stringify(call.body) : null,
        signal: call.signal,
      });
      response.body.once("close", release);
      return { status: response.statusCode, headers: response.headers, body: response.body };
    } catch (error) {
      release();
      throw unreachable(used.server, error);
    }
  }

  return {
    get server() {
      return credentials.server;
    },
    namespace: credentials.namespace,
    // undici (8) hears of an abort only once the request is on its connection: not while it queues or connects.
    send: (call) => untilAborted(exchange(call), call.signal, discard),
    renew: async () => {
      credentials = await loadCredentials(source);
    },
    close: () => pools.destroy(),
  };
}

/** An answer that nobody waits for any more must not keep its connection. */
function discard({ body }: HttpResponse): void {
  body.on("error", () => undefined);
  body.destroy();
}
