import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import {
  type Answer,
  type Api,
  answerJson,
  execCredential,
  execUser,
  hangingLogin,
  httpCluster,
  kubeconfigOf,
  serve,
  transportTo,
  writeKubeconfig,
  writeTemporary,
} from "../../test/support/scripted-api.ts";
import type { HttpRequest, Transport } from "./transport.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((clean) => clean()));
});

async function stage(answer: Answer): Promise<{ api: Api; transport: Transport }> {
  const api = await serve(answer);
  const transport = await transportTo(api);
  cleanups.push(() => transport.close(), api.close);
  return { api, transport };
}

/** A port that takes connections and says nothing. */
async function silentPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(async () => void server.close());
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

const get = (signal: AbortSignal, path = "/"): HttpRequest => ({ method: "GET", path, signal });
const open = () => new AbortController().signal;

/** Sends, aborts a moment later, and tells how long the end took from there. */
async function abortSoon(transport: Transport, path?: string): Promise<number> {
  const controller = new AbortController();
  const sending = transport.send(get(controller.signal, path));
  await new Promise((resolve) => setTimeout(resolve, 30));
  const abortedAtMs = performance.now();
  controller.abort(new Error("cancelled"));
  await expect(sending).rejects.toThrow("cancelled");
  return performance.now() - abortedAtMs;
}

describe("an abort is heard at once", () => {
  test("by a request that queues behind others, which is never sent then", async () => {
    const held: (() => void)[] = [];
    const { api, transport } = await stage((response, _, { url }) => {
      if (url === "/slow") held.push(() => answerJson(response, 200, {}));
      else answerJson(response, 200, {});
    });
    const slow = [1, 2].map(() => transport.send(get(open(), "/slow")));
    await expect.poll(() => held.length).toBe(2);
    expect(await abortSoon(transport, "/queued")).toBeLessThan(1_000);
    for (const answer of held) answer();
    for (const { body } of await Promise.all(slow)) await body.text();
    await (await transport.send(get(open(), "/after"))).body.text();
    expect(api.received.map(({ url }) => url)).toEqual(["/slow", "/slow", "/after"]);
  });

  test("by a request whose connection does not come about", async () => {
    const server = `https://127.0.0.1:${await silentPort()}`;
    const transport = await transportTo({ kubeconfig: writeKubeconfig(httpCluster(server), { token: "t-1" }) });
    cleanups.push(() => transport.close());
    expect(await abortSoon(transport)).toBeLessThan(1_000);
  });

  test("by a request whose user is being signed in", async () => {
    const { api } = await stage((response) => answerJson(response, 200, {}));
    const login = hangingLogin({ firstToken: "t-1" });
    const transport = await transportTo({ kubeconfig: writeKubeconfig(httpCluster(api.url), login.user) });
    cleanups.push(() => transport.close());
    expect(await abortSoon(transport)).toBeLessThan(1_000);
    expect(api.received).toEqual([]);
  });

  test("by a request that was aborted before", async () => {
    const { api, transport } = await stage((response) => answerJson(response, 200, {}));
    await expect(transport.send(get(AbortSignal.abort(new Error("before"))))).rejects.toThrow("before");
    expect(api.received).toEqual([]);
  });
});

describe("a client's certificate that changes", () => {
  const certificate = (name: string) =>
    execCredential({ clientCertificateData: name, clientKeyData: name }, { stale: true });

  /** `/stream` is answered with a beginning. */
  async function rotating() {
    const api = await serve((response, _, { url }) =>
      url === "/stream" ? response.writeHead(200).write("first") : answerJson(response, 200, {}),
    );
    const file = writeTemporary("credential", certificate("A"));
    const transport = await transportTo({ kubeconfig: writeKubeconfig(httpCluster(api.url), execUser(`cat ${file}`)) });
    cleanups.push(() => transport.close(), api.close);
    return { api, transport, rotate: (name: string) => writeFileSync(file, certificate(name)) };
  }

  const askTwiceAtOnce = async (transport: Transport) => {
    const answers = await Promise.all([1, 2].map(() => transport.send(get(open()))));
    for (const { body } of answers) await body.text();
  };

  test("takes new connections, whose end is the transport's: also when two requests found it at once", async () => {
    const { api, transport, rotate } = await rotating();
    for (const name of ["B", "C", "D"]) {
      rotate(name);
      await askTwiceAtOnce(transport);
    }
    await expect.poll(() => api.connections()).toBeLessThanOrEqual(2);
    await transport.close();
    await expect.poll(() => api.connections()).toBe(0);
  });

  test("leaves a stream open, until all is closed", async () => {
    const { api, transport, rotate } = await rotating();
    const { body } = await transport.send({ ...get(open(), "/stream"), stream: true });
    const reading = body.text().catch((error: Error) => error.name);
    rotate("B");
    await askTwiceAtOnce(transport);
    expect(api.received.map(({ url }) => url)).toEqual(["/stream", "/", "/"]);
    expect(body.destroyed).toBe(false);
    await transport.close();
    expect(await reading).toMatch(/Error/);
    await expect.poll(() => api.connections()).toBe(0);
  });

  test("opens nothing after the close", async () => {
    const { api, transport, rotate } = await rotating();
    await transport.close();
    rotate("B");
    await expect(transport.send(get(open()))).rejects.toMatchObject({ kind: "unreachable" });
    expect(await api.connections()).toBe(0);
  });
});

describe("credentials read anew", () => {
  test("may name a proxy, another one or none", async () => {
    const { api, transport } = await stage((response) => answerJson(response, 200, {}));
    const user = { token: "t-1" };
    const via: number[] = [];
    const proxies = await Promise.all(
      [1, 2].map(async (number) => {
        const proxy = await serve((response) => {
          via.push(number);
          answerJson(response, 200, {});
        });
        cleanups.push(proxy.close);
        return { "proxy-url": proxy.url };
      }),
    );
    for (const proxy of [...proxies, {}]) {
      writeFileSync(api.kubeconfig, kubeconfigOf({ ...httpCluster(api.url), ...proxy }, user));
      await transport.renew();
      await (await transport.send(get(open()))).body.text();
    }
    expect(via).toEqual([1, 2]);
    expect(api.received).toHaveLength(1);
  });

  test("may name another server", async () => {
    const { api, transport } = await stage((response) => answerJson(response, 200, {}));
    const other = await serve((response) => answerJson(response, 200, {}));
    cleanups.push(other.close);
    writeFileSync(api.kubeconfig, kubeconfigOf(httpCluster(other.url), { token: "t-2" }));
    await transport.renew();
    await (await transport.send(get(open()))).body.text();
    expect(transport.server).toBe(other.url);
    expect(other.received).toMatchObject([{ headers: { authorization: "Bearer t-2" } }]);
    expect(api.received).toEqual([]);
  });
});
