import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** The HTTP side of the API server: one port, kept over a time of being down. */
export interface ApiServer {
  readonly port: number;
  readonly isUp: boolean;
  readonly connections: { open: number; total: number; most: number };
  /** Refuses connections and resets the open ones. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** When on, each answer ends its connection. */
  closeEach(on: boolean): void;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export async function startApiServer(handle: Handler): Promise<ApiServer> {
  const sockets = new Set<Socket>();
  const connections = { open: 0, total: 0, most: 0 };
  let closesEach = false;
  let isUp = false;
  const server = createServer(
    { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 90_000 },
    (request, response) => {
      response.shouldKeepAlive = !closesEach;
      // A client that goes away in the middle is no fault of the server.
      response.on("error", () => {});
      void handle(request, response);
    },
  );
  server.on("connection", (socket) => {
    sockets.add(socket);
    connections.total += 1;
    connections.open = sockets.size;
    connections.most = Math.max(connections.most, sockets.size);
    socket.on("error", () => {});
    socket.on("close", () => {
      sockets.delete(socket);
      connections.open = sockets.size;
    });
  });
  const port = await listen(server, 0);
  isUp = true;

  return {
    port,
    connections,
    get isUp() {
      return isUp;
    },
    closeEach: (on) => {
      closesEach = on;
    },
    async down() {
      if (!isUp) return;
      isUp = false;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.resetAndDestroy();
      await closed;
    },
    async up() {
      if (isUp) return;
      await listen(server, port);
      isUp = true;
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
