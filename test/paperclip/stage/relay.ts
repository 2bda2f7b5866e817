import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

/** A TCP address that stays while the pod behind it changes: what a Service is where a cluster has a service proxy. */
export interface Relay {
  port: number;
  /** Where connections go from now on; open ones are closed, as their pod may be gone without a word. Undefined: all are refused. */
  pointAt(target: { host: string; port: number } | undefined): void;
  stop(): Promise<void>;
}

export async function startRelay(host: string): Promise<Relay> {
  const sockets = new Set<Socket>();
  let target: { host: string; port: number } | undefined;
  const server = createServer((incoming) => {
    if (target === undefined) return void incoming.destroy();
    const outgoing = connect(target);
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
    incoming.pipe(outgoing).pipe(incoming);
    incoming.on("error", () => outgoing.destroy());
    outgoing.on("error", () => incoming.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    pointAt: (next) => {
      target = next;
      for (const socket of sockets) socket.destroy();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
