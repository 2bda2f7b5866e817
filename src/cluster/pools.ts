import type { Dispatcher } from "undici";
import { shownUrl } from "../lib/shown-url.ts";
import type { TlsIdentity } from "./sign-in.ts";
import { misconfigured, unreachable } from "./unreachable.ts";

/** Where connections lead, and as whom. */
export interface Destination {
  server: string;
  proxyUrl: string | undefined;
  tls: TlsIdentity;
}

/** The connections to one destination. */
export interface Pools {
  requests: Dispatcher;
  streams: Dispatcher;
  /** An exchange begins on them; the result must be called when its body is at its end. */
  hold(): () => void;
}

/** The connections of one transport, whose destination may change while streams to an earlier one are open. */
export interface PoolSet {
  /** Those to the destination. The ones before them go when the last exchange on them is over. */
  to(destination: Destination): Pools;
  /** Cuts all there are, earlier ones too. */
  destroy(): Promise<void>;
}

/** Requests of all runs share this many connections: 100 runs that ask at once must not open 100. Each stream has one of its own. */
const requestConnections = 2;

/** With this the kernel reports a silent peer after 25 s: libuv probes once a second, ten times (libuv 1.x, `uv_tcp_keepalive`). */
const keepAliveDelayMs = 15_000;
const connectTimeoutMs = 10_000;

/** Nothing in here waits, so that requests that find the destination changed at the same time open one pair of pools. */
export async function createPoolSet(): Promise<PoolSet> {
  const undici = await import("undici");
  const open = new Set<CountedPools>();
  let current: { identity: string; pools: CountedPools } | undefined;
  let closed = false;
  return {
    to(destination) {
      if (closed) throw unreachable(destination.server, new Error("its connections were closed"));
      const identity = identityOf(destination);
      if (current?.identity === identity) return current.pools;
      const pools = new CountedPools(undici, destination, () => open.delete(pools));
      open.add(pools);
      current?.pools.retire();
      current = { identity, pools };
      return pools;
    },
    async destroy() {
      closed = true;
      await Promise.all([...open].map((pools) => pools.destroy()));
    },
  };
}

type Undici = typeof import("undici");

/** Counts its exchanges itself: an `Agent` of undici's (8) that waits for its streams to end cannot be destroyed any more. */
class CountedPools implements Pools {
  readonly requests: Dispatcher;
  readonly streams: Dispatcher;
  readonly #onDestroy: () => void;
  #held = 0;
  #retired = false;

  constructor(undici: Undici, destination: Destination, onDestroy: () => void) {
    this.requests = openPool(undici, destination, requestConnections);
    this.streams = openPool(undici, destination, null);
    this.#onDestroy = onDestroy;
  }

  hold(): () => void {
    let held = true;
    this.#held++;
    return () => {
      if (held) this.#held--;
      held = false;
      this.#goWhenUnused();
    };
  }

  retire(): void {
    this.#retired = true;
    this.#goWhenUnused();
  }

  async destroy(): Promise<void> {
    this.#onDestroy();
    await Promise.all([this.requests.destroy(), this.streams.destroy()]);
  }

  #goWhenUnused(): void {
    if (this.#retired && this.#held === 0) void this.destroy();
  }
}

function openPool({ Agent, ProxyAgent }: Undici, destination: Destination, connections: number | null): Dispatcher {
  const { server, proxyUrl, tls } = destination;
  // Every request has its own signal with a bound; undici's 300 s limits would cut silent streams (undici 8: headersTimeout, bodyTimeout).
  // Over HTTP/2, which undici 8 takes where the API server offers it, all streams would share one connection, an abort
  // would end only its stream, and a connection that died without a word would be used for every later request.
  const common = { allowH2: false, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 30_000, pipelining: 1 };
  const socket = { timeout: connectTimeoutMs, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs };
  if (!proxyUrl) return new Agent({ ...common, connections, connect: { ...tls, ...socket } });
  if (!/^https?:\/\//i.test(proxyUrl) || URL.parse(proxyUrl) === null) {
    const proxy = shownUrl(proxyUrl);
    throw misconfigured(
      `the Kubernetes API at ${shownUrl(server)} cannot be reached through the proxy ${proxy}: only http and https proxies work`,
    );
  }
  // To a proxy that speaks TLS, undici (8) would offer HTTP/2 all the same.
  const proxyTls = { ...socket, allowH2: false };
  return new ProxyAgent({ ...common, connections, uri: proxyUrl, proxyTls, requestTls: { ...tls, ...socket } });
}

function identityOf({ server, proxyUrl, tls }: Destination): string {
  const { ca, cert, key, servername, rejectUnauthorized } = tls;
  return JSON.stringify([server, proxyUrl, String(ca), String(cert), String(key), servername, rejectUnauthorized]);
}
