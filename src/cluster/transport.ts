import type { Agent, Dispatcher } from "undici";
import { messageOf } from "../lib/message.ts";
import { untilAborted } from "../lib/until-aborted.ts";
import { ApiError } from "./api-error.ts";
import { type CredentialSource, type Credentials, loadCredentials, type TlsIdentity } from "./credentials.ts";

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
  /** Throws `ApiError` kind "unreachable" when no answer comes, the signal's reason as soon as it is aborted. */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Reads the credentials anew, after a 401. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

/** Requests of all runs share this many connections: 100 runs that ask at once must not open 100. Each stream has one of its own. */
const requestConnections = 2;

/** With this the kernel reports a silent peer after 25 s: libuv probes once a second, ten times (libuv 1.x, `uv_tcp_keepalive`). */
const keepAliveDelayMs = 15_000;
const connectTimeoutMs = 10_000;

export async function createTransport(source: CredentialSource): Promise<Transport> {
  const { request } = await import("undici");
  let credentials = await loadCredentials(source);
  let pools = await openPools(credentials);

  async function exchange(call: HttpRequest): Promise<HttpResponse> {
    call.signal.throwIfAborted();
    const { headers, tls } = await credentials.authenticate();
    call.signal.throwIfAborted();
    if (!sameIdentity(tls, pools.tls)) {
      const old = pools;
      pools = await openPools(credentials);
      void old.retire();
    }
    try {
      const response = await request(`${credentials.server}${call.path}`, {
        method: call.method,
        dispatcher: call.stream ? pools.streams : pools.requests,
        headers: {
          accept: "application/json",
          "user-agent": "paperclip-adapter-opencode-k8s",
          ...(call.body ? { "content-type": call.contentType ?? "application/json" } : {}),
          ...headers,
        },
        body: call.body ? JSON.stringify(call.body) : null,
        signal: call.signal,
      });
      return { status: response.statusCode, headers: response.headers, body: response.body };
    } catch (error) {
      throw unreachable(credentials.server, error);
    }
  }

  return {
    server: credentials.server,
    namespace: credentials.namespace,
    // undici (8) hears of an abort only once the request is on its connection: not while it queues or connects.
    send: (call) => untilAborted(exchange(call), call.signal, discard),
    renew: async () => {
      credentials = await loadCredentials(source);
    },
    close: async () => pools.destroy(),
  };
}

/** An answer that nobody waits for any more must not keep its connection. */
function discard({ body }: HttpResponse): void {
  body.on("error", () => undefined);
  body.destroy();
}

/** The network's failure, in the words of the connection that it happened on. */
export function unreachable(server: string, cause: unknown): ApiError {
  return new ApiError(`the Kubernetes API at ${server} cannot be reached: ${messageOf(cause)}`, {
    kind: "unreachable",
    status: 0,
    cause,
  });
}

interface Pools {
  requests: Dispatcher;
  streams: Dispatcher;
  tls: TlsIdentity;
  /** Lets what runs end, takes nothing new. */
  retire(): Promise<void>;
  destroy(): Promise<void>;
}

async function openPools(credentials: Credentials): Promise<Pools> {
  const { Agent, ProxyAgent } = await import("undici");
  const { tls } = await credentials.authenticate();
  // Every request has its own signal with a bound; undici's 300 s limits would cut silent streams (undici 8: headersTimeout, bodyTimeout).
  // Over HTTP/2, which undici 8 takes where the API server offers it, all streams would share one connection, an abort
  // would end only its stream, and a connection that died without a word would be used for every later request.
  const common = { allowH2: false, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 30_000, pipelining: 1 };
  const socket = { timeout: connectTimeoutMs, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs };
  const open = (connections: number | null): Dispatcher => {
    if (!credentials.proxyUrl) return new Agent({ ...common, connections, connect: { ...tls, ...socket } });
    if (!/^https?:/.test(credentials.proxyUrl)) {
      throw unreachable(
        credentials.server,
        new Error(`proxy-url ${credentials.proxyUrl}: only http and https proxies work`),
      );
    }
    return new ProxyAgent({ ...common, connections, uri: credentials.proxyUrl, requestTls: { ...tls, ...socket } });
  };
  const requests = open(requestConnections);
  const streams = open(null);
  const both = (verb: "close" | "destroy") => async () => {
    await Promise.all([requests as Agent, streams as Agent].map((agent) => agent[verb]()));
  };
  return { requests, streams, tls, retire: both("close"), destroy: both("destroy") };
}

function sameIdentity(left: TlsIdentity, right: TlsIdentity): boolean {
  return (
    String(left.cert) === String(right.cert) &&
    String(left.ca) === String(right.ca) &&
    String(left.key) === String(right.key)
  );
}
