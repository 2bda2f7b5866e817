import { afterEach, describe, expect, test } from "vitest";
import { type Api, serve, transportTo } from "../../test/support/scripted-api.ts";
import { requestJson } from "./json-request.ts";
import { errorFrom } from "./refusal.ts";
import type { Transport } from "./transport.ts";
import { watchCollection } from "./watch-collection.ts";

describe("a refusal by something on the way", () => {
  test("is told in its plain text", () => {
    expect(errorFrom(403, undefined, "RBAC: access denied\n")).toMatchObject({
      kind: "denied",
      message: "RBAC: access denied",
    });
    expect(errorFrom(502, undefined, "")).toMatchObject({
      kind: "unavailable",
      message: "the Kubernetes API answered 502",
    });
  });

  test.each(["<html>404 Not Found</html>", "", "404 page not found\n", '{"message":"no Route matched"}', "[]", "null"])(
    "is no word about an object, though it is a 404: %j",
    (text) => {
      expect(errorFrom(404, undefined, text)).toMatchObject({ kind: "unavailable", status: 404, transient: true });
    },
  );

  test("is cut to what a message can hold", () => {
    expect(errorFrom(500, undefined, "x".repeat(10_000)).message).toHaveLength(500);
  });
});

describe("the wait that a server asks for", () => {
  const details = (retryAfterSeconds: unknown) => JSON.stringify({ kind: "Status", details: { retryAfterSeconds } });

  test.each([
    [["2"], "", 2_000],
    ["3", details(9), 3_000],
    [undefined, details(9), 9_000],
    ["86400", "", 60_000],
    [undefined, details(86_400), 60_000],
  ])("by header %j or Status %s is kept to, a minute at most, with a little more", (header, text, leastMs) => {
    const { retryAfterMs = 0 } = errorFrom(429, header, text);
    expect(retryAfterMs).toBeGreaterThanOrEqual(leastMs);
    expect(retryAfterMs).toBeLessThanOrEqual(leastMs * 1.25);
  });

  test("is left alone when it is no number of seconds", () => {
    expect(errorFrom(429, "Wed, 21 Oct 2026 07:28:00 GMT", details("soon")).retryAfterMs).toBeUndefined();
  });
});

describe("a body that never ends is cut, with its connection", () => {
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(cleanups.splice(0).map((clean) => clean()));
  });

  async function flooding(): Promise<{ api: Api; transport: Transport }> {
    const api = await serve((response) => {
      response.writeHead(403);
      const pour = () => {
        while (!response.closed && response.write("x".repeat(64 * 1024)));
      };
      response.on("drain", pour);
      pour();
    });
    const transport = await transportTo(api);
    cleanups.push(() => transport.close(), api.close);
    return { api, transport };
  }

  const { signal } = new AbortController();
  const denied = { kind: "denied", message: "x".repeat(500) };

  test("of a request", async () => {
    const { api, transport } = await flooding();
    await expect(requestJson(transport, { method: "GET", path: "/", signal })).rejects.toMatchObject(denied);
    await expect.poll(() => api.connections()).toBe(0);
  });

  test("of a watch", async () => {
    const { api, transport } = await flooding();
    const request = { resource: "pods", namespace: "agents", resourceVersion: "1", signal } as const;
    await expect(watchCollection(transport, request).next()).rejects.toMatchObject(denied);
    await expect.poll(() => api.connections()).toBe(0);
  });
});

test("a refusal of a watch that breaks off is unreachable", async () => {
  const api = await serve((response) => {
    response.writeHead(500, { "content-length": "100" });
    response.write("half");
    setTimeout(() => response.destroy(), 20);
  });
  const transport = await transportTo(api);
  const { signal } = new AbortController();
  const watch = watchCollection(transport, { resource: "pods", namespace: "agents", resourceVersion: "1", signal });
  await expect(watch.next()).rejects.toMatchObject({ kind: "unreachable" });
  await transport.close();
  await api.close();
});
