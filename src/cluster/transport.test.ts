import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import {
  type Answer,
  type Api,
  answerJson,
  hangingLogin,
  httpCluster,
  serve,
  transportTo,
  writeKubeconfig,
} from "../../test/unit/cluster/api.ts";
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
