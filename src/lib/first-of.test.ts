import { describe, expect, test } from "vitest";
import { aborted, firstOf } from "./first-of.ts";
import { never } from "./until-aborted.ts";

const open = () => new AbortController().signal;

describe("watchers side by side", () => {
  test("the first to answer wins, and the others are stopped before the answer is given", async () => {
    let stopped = 0;
    const loser = (signal: AbortSignal) => never<string>(signal).finally(() => void stopped++);
    expect(await firstOf([loser, async () => "won", loser], open())).toBe("won");
    expect(stopped).toBe(2);
  });

  test("an error of one of them ends all", async () => {
    const failing = () => Promise.reject(new Error("broken"));
    await expect(firstOf([(signal) => never(signal), failing], open())).rejects.toThrow("broken");
  });

  test("the outer signal ends all with its reason", async () => {
    const outer = new AbortController();
    const race = firstOf([(signal) => never(signal)], outer.signal);
    outer.abort(new Error("cancelled"));
    await expect(race).rejects.toThrow("cancelled");
  });
});

describe("waiting for an abort", () => {
  test("ends when it comes, also when it came before", async () => {
    const event = new AbortController();
    const waiting = aborted(event.signal, open());
    event.abort();
    await expect(waiting).resolves.toBeUndefined();
    await expect(aborted(event.signal, open())).resolves.toBeUndefined();
  });

  test("is given up with the reason of its own signal", async () => {
    await expect(aborted(open(), AbortSignal.abort(new Error("over")))).rejects.toThrow("over");
  });
});
