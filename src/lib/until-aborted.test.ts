import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { untilAborted } from "./until-aborted.ts";

test("work that ends in time gives its value or its error, and leaves no listener", async () => {
  const { signal } = new AbortController();
  for (let round = 0; round < 100; round++) {
    expect(await untilAborted(Promise.resolve(round), signal)).toBe(round);
    await expect(untilAborted(Promise.reject(new Error("failed")), signal)).rejects.toThrow("failed");
  }
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("work that does not heed the signal is left with the signal's reason", async () => {
  const controller = new AbortController();
  const waiting = untilAborted(new Promise(() => {}), controller.signal);
  controller.abort(new Error("cancelled"));
  await expect(waiting).rejects.toThrow("cancelled");
  await expect(untilAborted(new Promise(() => {}), controller.signal)).rejects.toThrow("cancelled");
});

test("what abandoned work brings late is discarded, and its late failure is nobody's", async () => {
  const controller = new AbortController();
  const discarded: string[] = [];
  const good = Promise.withResolvers<string>();
  const bad = Promise.withResolvers<string>();
  const waiting = [good, bad].map(({ promise }) =>
    untilAborted(promise, controller.signal, (late) => discarded.push(late)),
  );
  controller.abort(new Error("cancelled"));
  for (const one of waiting) await expect(one).rejects.toThrow("cancelled");
  good.resolve("a connection");
  bad.reject(new Error("too late"));
  await expect.poll(() => discarded).toEqual(["a connection"]);
});
