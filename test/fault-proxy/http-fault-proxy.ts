import { createServer, type IncomingMessage, type ServerResponse, request as sendRequest } from "node:http";

/** Stands between a client and a server that speak plain HTTP, and answers or ends in the server's place. */
export interface HttpFaultProxy {
  readonly url: string;
  /** Requests so far, as "GET /path". */
  readonly requests: string[];
  /** The next requests whose path matches are refused. */
  refuse(refusal: { path: RegExp; status: number; times: number; retryAfterSec?: number }): void;
  /** Ends the bodies of open log streams as if all had been said. Returns how many. */
  endLogs(): number;
  /** Each answer closes its connection, in the server's own words (HTTP/1.1's GOAWAY). */
  closeEach(on: boolean): void;
  close(): Promise<void>;
}

interface Refusal {
  path: RegExp;
  status: number;
  times: number;
  retryAfterSec?: number;
}

export async function startHttpFaultProxy(upstream: string): Promise<HttpFaultProxy> {
  const requests: string[] = [];
  const refusals: Refusal[] = [];
  const logs = new Set<{ end(): void }>();
  let closing = false;

  const answer = (incoming: IncomingMessage, response: ServerResponse) => {
    const path = incoming.url ?? "/";
    requests.push(`${incoming.method} ${path}`);
    if (closing) response.setHeader("connection", "close");
    const refusal = refusals.find((each) => each.times > 0 && each.path.test(path));
    if (refusal) return refuse(refusal, response);
    const outgoing = sendRequest(`${upstream}${path}`, { method: incoming.method ?? "GET", headers: incoming.headers });
    outgoing.on("response", (upstreamResponse) => {
      const { connection: _, "transfer-encoding": __, ...headers } = upstreamResponse.headers;
      response.writeHead(upstreamResponse.statusCode ?? 502, headers);
      response.flushHeaders();
      upstreamResponse.pipe(response);
      upstreamResponse.on("error", () => response.destroy());
      if (!/\/log\?/.test(path)) return;
      const end = () => {
        upstreamResponse.unpipe(response);
        response.end(() => outgoing.destroy());
      };
      const log = { end };
      logs.add(log);
      response.on("close", () => logs.delete(log));
    });
    outgoing.on("error", () => response.destroy());
    response.on("close", () => outgoing.destroy());
    incoming.pipe(outgoing);
  };

  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    requests,
    refuse: (refusal) => void refusals.push({ ...refusal }),
    endLogs: () => {
      const open = [...logs];
      for (const log of open) log.end();
      return open.length;
    },
    closeEach: (on) => {
      closing = on;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function refuse(refusal: Refusal, response: ServerResponse): void {
  refusal.times--;
  const { status, retryAfterSec } = refusal;
  const details = retryAfterSec === undefined ? {} : { details: { retryAfterSeconds: retryAfterSec } };
  response.writeHead(status, {
    "content-type": "application/json",
    ...(retryAfterSec === undefined ? {} : { "retry-after": String(retryAfterSec) }),
  });
  response.end(
    JSON.stringify({ kind: "Status", apiVersion: "v1", code: status, message: `storm ${status}`, ...details }),
  );
}
