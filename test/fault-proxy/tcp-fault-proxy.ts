import { createServer, connect as openSocket, type Socket } from "node:net";

/** Stands between a client and a server and breaks what goes through, without understanding it: TLS passes too. */
export interface TcpFaultProxy {
  readonly port: number;
  readonly connections: { readonly open: number; readonly total: number };
  /** Each connection is reset after so many more bytes of the server's. */
  resetAfter(bytes: (() => number) | undefined): void;
  /** Cuts all connections now. */
  resetAll(): void;
  /** Packets go nowhere, nobody is told: neither those who are connected nor those who come. */
  blackHole(on: boolean): void;
  /** The server's side of the open connections is gone, the client is not told. */
  halfOpen(): void;
  /** New connections are refused with a reset. */
  refuse(on: boolean): void;
  /** What the server sends arrives later. */
  delay(ms: number): void;
  close(): Promise<void>;
}

interface Pair {
  client: Socket;
  server: Socket;
  /** Bytes of the server's until a reset. */
  left: number;
  dead: boolean;
}

export async function startTcpFaultProxy(target: { host: string; port: number }): Promise<TcpFaultProxy> {
  const pairs = new Set<Pair>();
  const state = {
    resetAfter: undefined as (() => number) | undefined,
    hole: false,
    refuse: false,
    delayMs: 0,
    total: 0,
  };
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (state.refuse) return void client.resetAndDestroy();
    state.total++;
    const server = openSocket({ ...target, allowHalfOpen: true, noDelay: true });
    const pair = { client, server, left: state.resetAfter?.() ?? Number.POSITIVE_INFINITY, dead: false };
    pairs.add(pair);
    join(pair, state, () => pairs.delete(pair));
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  const cut = ({ client, server }: Pair) => {
    client.resetAndDestroy();
    server.destroy();
  };
  return {
    port: typeof address === "object" && address ? address.port : 0,
    connections: {
      get open() {
        return pairs.size;
      },
      get total() {
        return state.total;
      },
    },
    resetAfter: (bytes) => {
      state.resetAfter = bytes;
      for (const pair of pairs) pair.left = bytes?.() ?? Number.POSITIVE_INFINITY;
    },
    resetAll: () => pairs.forEach(cut),
    blackHole: (on) => {
      state.hole = on;
      for (const { client, server } of pairs)
        for (const socket of [client, server]) on ? socket.pause() : socket.resume();
    },
    halfOpen: () => {
      for (const pair of pairs) {
        pair.dead = true;
        pair.server.destroy();
      }
    },
    refuse: (on) => {
      state.refuse = on;
    },
    delay: (ms) => {
      state.delayMs = ms;
    },
    async close() {
      pairs.forEach(cut);
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

interface State {
  hole: boolean;
  delayMs: number;
}

function join(pair: Pair, state: State, done: () => void): void {
  const { client, server } = pair;
  forward({ from: client, to: server, pair, state });
  forward({ from: server, to: client, pair, state, limited: true });
  for (const socket of [client, server]) {
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (pair.dead && socket === server) return;
      client.destroy();
      server.destroy();
      done();
    });
  }
  if (state.hole) for (const socket of [client, server]) socket.pause();
}

interface Forwarding {
  from: Socket;
  to: Socket;
  pair: Pair;
  state: State;
  limited?: boolean;
}

function forward({ from, to, pair, state, limited = false }: Forwarding): void {
  const pass = (chunk: Buffer) => {
    if (to.destroyed) return;
    if (limited && chunk.length >= pair.left) {
      // Written first: the cut is at the byte, wherever the server's own pieces end.
      to.write(chunk.subarray(0, pair.left), () => to.resetAndDestroy());
      pair.left = 0;
      return void from.destroy();
    }
    pair.left -= limited ? chunk.length : 0;
    if (to.write(chunk) || state.hole) return;
    from.pause();
    to.once("drain", () => state.hole || from.resume());
  };
  from.on("data", (chunk: Buffer) => {
    if (limited && state.delayMs > 0) setTimeout(() => pass(chunk), state.delayMs);
    else pass(chunk);
  });
  from.on("end", () => setTimeout(() => to.end(), limited ? state.delayMs : 0));
}
