import type { AdapterRuntimeEvent } from "@paperclipai/adapter-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ProgressEvents } from "./progress-events.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function start(onEvent: (event: AdapterRuntimeEvent) => Promise<void> = async () => undefined) {
  const sent: AdapterRuntimeEvent[] = [];
  const statuses: string[] = [];
  const errors: unknown[] = [];
  const events = new ProgressEvents(
    {
      onEvent: (event) => {
        sent.push(event);
        return onEvent(event);
      },
      onRuntimeProgress: ({ message }) => {
        statuses.push(message);
      },
    },
    { failed: (error) => errors.push(error) },
  );
  return {
    events,
    errors,
    statuses,
    sent,
    messages: () => sent.map(({ message }) => message),
    state: (text: string) => events.tell({ kind: "state", text }),
    tool: (text: string) => events.tell({ kind: "tool", text }),
  };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("what a run does is told at once, to the run's events and to the task's status", async () => {
  const { state, tool, sent, statuses } = start();
  state("started Job x");
  tool("bash ls");
  await pass(0);
  expect(sent).toEqual([
    { eventType: "lifecycle", stream: "system", level: "info", message: "started Job x" },
    { eventType: "tool", stream: "system", level: "info", message: "bash ls" },
  ]);
  expect(statuses).toEqual(["started Job x"]);
});

test("of a thousand tools in ten seconds the first and the last are told", async () => {
  const { tool, messages } = start();
  for (let number = 0; number < 1_000; number++) {
    tool(`bash ${number}`);
    await pass(9);
  }
  await pass(10_000);
  expect(messages()).toEqual(["bash 0", "bash 999"]);
});

test("a run of ten hours with a tool a second makes few rows", async () => {
  const { tool, messages } = start();
  for (let second = 0; second < 36_000; second++) {
    tool(`bash ${second}`);
    await pass(1_000);
  }
  expect(messages().length).toBeLessThan(700);
});

test("the same words are told once", async () => {
  const { state, messages } = start();
  for (let second = 0; second < 30; second++) {
    state("waiting for a node");
    await pass(1_000);
  }
  expect(messages()).toEqual(["waiting for a node"]);
});

test("an agent's words are one line of at most 180 characters without anything hidden", async () => {
  const { tool, messages } = start();
  tool(`bash \u001b[31mred\u202e\n\n\0 ${"😀".repeat(200)}`);
  await pass(0);
  const [message = ""] = messages();
  expect(message).toMatch(/^bash \[31mred 😀/);
  expect(message.length).toBeLessThanOrEqual(180);
  expect(message.isWellFormed()).toBe(true);
  expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test("errors are told to the operator once and stop nothing", async () => {
  const { state, errors, messages } = start(async () => {
    throw new Error("the database is away");
  });
  state("a");
  await pass(2_000);
  state("b");
  await pass(2_000);
  expect(messages()).toEqual(["a", "b"]);
  expect(errors).toHaveLength(1);
});

test("a sink that throws at once, and one that is not there, harm nothing", async () => {
  const { state, errors } = start(() => {
    throw new Error("no");
  });
  state("a");
  await pass(0);
  expect(errors).toHaveLength(1);
  const none = new ProgressEvents({}, { failed: (error) => errors.push(error) });
  none.tell({ kind: "state", text: "a" });
  await pass(0);
  expect(errors).toHaveLength(1);
});

test("one that never answers holds back the next for five seconds", async () => {
  const { state, messages } = start(() => new Promise(() => undefined));
  state("a");
  state("b");
  await pass(6_900);
  expect(messages()).toEqual(["a"]);
  await pass(200);
  expect(messages()).toEqual(["a", "b"]);
});

test("nothing is told after the end", async () => {
  const { events, state, messages } = start();
  state("a");
  state("b");
  await pass(0);
  events.close();
  state("c");
  await pass(60_000);
  expect(messages()).toEqual(["a"]);
});
