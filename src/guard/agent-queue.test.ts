import { expect, test } from "vitest";
import { seeded } from "../../test/support/random.ts";
import { open } from "../../test/support/run-parts.ts";
import { createAgentQueue } from "./agent-queue.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("lets one in at a time, in the order they came", async () => {
  const agentQueue = createAgentQueue();
  const order: number[] = [];
  const visits = [1, 2, 3].map(async (visitor) => {
    const leave = await agentQueue.enter("a", open());
    order.push(visitor);
    await turn();
    leave();
  });
  await Promise.all(visits);
  expect(order).toEqual([1, 2, 3]);
  expect(agentQueue.count("a")).toBe(0);
});

test("does not let one agent wait for another", async () => {
  const agentQueue = createAgentQueue();
  await agentQueue.enter("a", open());
  await expect(agentQueue.enter("b", open())).resolves.toBeTypeOf("function");
});

test("who gives up while waiting is given the reason and delays nobody", async () => {
  const agentQueue = createAgentQueue();
  const leave = await agentQueue.enter("a", open());
  const impatient = new AbortController();
  const second = agentQueue.enter("a", impatient.signal);
  const third = agentQueue.enter("a", open());
  impatient.abort(new Error("cancelled"));
  await expect(second).rejects.toThrow("cancelled");
  expect(agentQueue.count("a")).toBe(2);
  leave();
  (await third)();
  expect(agentQueue.count("a")).toBe(0);
});

test("who comes with an aborted signal does not get in", async () => {
  const agentQueue = createAgentQueue();
  await expect(agentQueue.enter("a", AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
  expect(agentQueue.count("a")).toBe(0);
});

test("an abort of who is inside does not let the next one in", async () => {
  const agentQueue = createAgentQueue();
  const inside = new AbortController();
  const leave = await agentQueue.enter("a", inside.signal);
  let entered = false;
  const next = agentQueue.enter("a", open()).then((leaveNext) => {
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
  const agentQueue = createAgentQueue();
  const leaveFirst = await agentQueue.enter("a", open());
  const second = agentQueue.enter("a", open());
  let third = false;
  leaveFirst();
  const leaveSecond = await second;
  void agentQueue.enter("a", open()).then(() => {
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
    const agentQueue = createAgentQueue();
    let inside = 0;
    let most = 0;
    const visits = Array.from({ length: 12 }, async () => {
      const patience = new AbortController();
      const givesUp = random() < 0.4;
      for (let wait = random() * 4; wait > 1; wait--) await turn();
      const entering = agentQueue.enter("a", patience.signal);
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
    expect(agentQueue.count("a")).toBe(0);
  }
});
