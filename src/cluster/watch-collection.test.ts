import { afterEach, describe, expect, test } from "vitest";
import { type Answer, type Api, answerJson, serve, status, transportTo } from "../../test/support/scripted-api.ts";
import type { Pod, WatchEvent } from "./cluster.ts";
import { watchCollection } from "./watch-collection.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((clean) => clean()));
});

async function watch(
  answer: Answer,
  signal = new AbortController().signal,
): Promise<{ api: Api; events: AsyncGenerator<WatchEvent<Pod>> }> {
  const api = await serve(answer);
  const transport = await transportTo(api);
  cleanups.push(() => transport.close(), api.close);
  const events = watchCollection(transport, {
    resource: "pods",
    namespace: "agents",
    labelSelector: "a=b,c=d",
    resourceVersion: "42",
    signal,
  });
  return { api, events };
}

async function collect(events: AsyncGenerator<WatchEvent<Pod>>): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of events) {
    seen.push(
      event.type === "BOOKMARK" ? `BOOKMARK ${event.resourceVersion}` : `${event.type} ${event.object.metadata?.name}`,
    );
  }
  return seen;
}

const line = (type: string, metadata: object) => `${JSON.stringify({ type, object: { kind: "Pod", metadata } })}\n`;

test("asks for what happened after a version, with bookmarks and an end that the server keeps", async () => {
  const { api, events } = await watch((response) => response.end());
  expect(await collect(events)).toEqual([]);
  const url = new URL(api.received[0]?.url ?? "", api.url);
  expect(url.pathname).toBe("/api/v1/namespaces/agents/pods");
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    watch: "true",
    allowWatchBookmarks: "true",
    labelSelector: "a=b,c=d",
    resourceVersion: "42",
  });
  expect(Number(url.searchParams.get("timeoutSeconds"))).toBeGreaterThanOrEqual(240);
});

test("gives every event in order, wherever the stream is cut", async () => {
  const text =
    ["ADDED", "MODIFIED", "DELETED"].map((type) => line(type, { name: "pöd 🤖" })).join("") +
    line("BOOKMARK", { resourceVersion: "77" });
  const bytes = Buffer.from(text);
  const expected = ["ADDED pöd 🤖", "MODIFIED pöd 🤖", "DELETED pöd 🤖", "BOOKMARK 77"];
  for (const size of [1, 7, 64, bytes.length]) {
    const { events } = await watch((response) => {
      for (let at = 0; at < bytes.length; at += size) response.write(bytes.subarray(at, at + size));
      response.end();
    });
    expect(await collect(events)).toEqual(expected);
  }
});

describe("a version that is too old is gone", () => {
  test("as the answer's status", async () => {
    const { events } = await watch((response) => answerJson(response, 410, status(410, "Expired")));
    await expect(collect(events)).rejects.toMatchObject({ kind: "gone" });
  });

  test("as an event of a stream that had begun well", async () => {
    const { events } = await watch((response) => {
      response.write(line("ADDED", { name: "a" }));
      response.end(
        `${JSON.stringify({ type: "ERROR", object: status(410, "Expired", "too old resource version") })}\n`,
      );
    });
    await expect(collect(events)).rejects.toMatchObject({ kind: "gone", message: "too old resource version" });
  });
});

test("a watch that is not granted is denied", async () => {
  const { events } = await watch((response) =>
    answerJson(response, 403, status(403, "Forbidden", "pods is forbidden")),
  );
  await expect(collect(events)).rejects.toMatchObject({ kind: "denied", message: "pods is forbidden" });
});

test("a stream that breaks is unreachable, after the events that came", async () => {
  const { events } = await watch((response) => {
    response.write(line("ADDED", { name: "a" }));
    setTimeout(() => response.destroy(), 30);
  });
  expect((await events.next()).value).toMatchObject({ type: "ADDED" });
  await expect(events.next()).rejects.toMatchObject({ kind: "unreachable" });
});

test("a silent stream ends when nobody wants it any more", async () => {
  const controller = new AbortController();
  const { events } = await watch((response) => response.writeHead(200).flushHeaders(), controller.signal);
  setTimeout(() => controller.abort(new Error("nobody looks")), 30);
  await expect(collect(events)).rejects.toThrow("nobody looks");
});

test("who stops reading lets the connection go", async () => {
  let closed = false;
  const { events } = await watch((response) => {
    response.on("close", () => {
      closed = true;
    });
    response.write(line("ADDED", { name: "a" }));
  });
  for await (const _ of events) break;
  await expect.poll(() => closed).toBe(true);
});
