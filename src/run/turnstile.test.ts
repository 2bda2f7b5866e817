import { expect, test } from "vitest";
import { seeded } from "../../test/unit/random.ts";
import { open } from "../../test/unit/run/run-parts.ts";
import { createTurnstile } from "./turnstile.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("lets one in at a time, in the order they came", async () => {
  const turnstile = createTurnstile();
  const order: number[] = [];
  const visits = [1, 2, 3].map(async (visitor) => {
    const leave = await turnstile.enter("a", open());
    order.push(visitor);
    await turn();
    leave();
  });
  await Promise.all(visits);
  expect(order).toEqual([1, 2, 3]);
  expect(turnstile.count("a")).toBe(0);
});

test("does not let one agent wait for another", async () => {
  const turnstile = createTurnstile();
  await turnstile.enter("a", open());
  await expect(turnstile.enter("b", open())).resolves.toBeTypeOf("function");
});

test("who gives up while waiting is told why and holds nobody up", async () => {
  const turnstile = createTurnstile();
  const leave = await turnstile.enter("a", open());
  const impatient = new AbortController();
  const second = turnstile.enter("a", impatient.signal);
  const third = turnstile.enter("a", open());
  impatient.abort(new Error("cancelled"));
  await expect(second).rejects.toThrow("cancelled");
  expect(turnstile.count("a")).toBe(2);
  leave();
  (await third)();
  expect(turnstile.count("a")).toBe(0);
});

test("who comes with an aborted signal does not get in", async () => {
  const turnstile = createTurnstile();
  await expect(turnstile.enter("a", AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
  expect(turnstile.count("a")).toBe(0);
});

test("an abort of who is inside does not let the next one in", async () => {
  const turnstile = createTurnstile();
  const inside = new AbortController();
  const leave = await turnstile.enter("a", inside.signal);
  let entered = false;
  const next = turnstile.enter("a", open()).then((leaveNext) => {
    entered = true;
    leaveNext();
  });
  inside.abort();
  await turn();
  expect(entered).toBe(false);
  leave();
  await next;
});

test("leaving twice is leaving once", async () => {
  const turnstile = createTurnstile();
  const leaveFirst = await turnstile.enter("a", open());
  const second = turnstile.enter("a", open());
  let third = false;
  leaveFirst();
  const leaveSecond = await second;
  void turnstile.enter("a", open()).then(() => {
    third = true;
  });
  leaveFirst();
  await turn();
  expect(third).toBe(false);
  leaveSecond();
  await turn();
  expect(third).toBe(true);
});

test("never two inside, and everyone who stays gets in, whoever gives up when", async () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = seeded(seed);
    const turnstile = createTurnstile();
    let inside = 0;
    let most = 0;
    const visits = Array.from({ length: 12 }, async () => {
      const patience = new AbortController();
      const givesUp = random() < 0.4;
      for (let wait = random() * 4; wait > 1; wait--) await turn();
      const entering = turnstile.enter("a", patience.signal);
      if (givesUp) setImmediate(() => patience.abort(new Error("gave up")));
      try {
        const leave = await entering;
        most = Math.max(most, ++inside);
        for (let stay = random() * 4; stay > 1; stay--) await turn();
        inside--;
        leave();
        return "entered";
      } catch {
        return givesUp ? "gave up" : "thrown out";
      }
    });
    expect(await Promise.all(visits)).not.toContain("thrown out");
    expect(most).toBe(1);
    expect(turnstile.count("a")).toBe(0);
  }
});
