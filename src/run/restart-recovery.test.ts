import type { AdapterRuntimeEvent } from "@paperclipai/adapter-utils";
import { expect, test } from "vitest";
import { nameLocalType, restartRecoveryVariable } from "./restart-recovery.ts";

async function eventsWith(value: string | undefined): Promise<AdapterRuntimeEvent[]> {
  const events: AdapterRuntimeEvent[] = [];
  const onEvent = async (event: AdapterRuntimeEvent) => {
    events.push(event);
  };
  await nameLocalType({ onEvent }, { [restartRecoveryVariable]: value });
  return events;
}

test.each([undefined, "", "off", "true"])("%s: nothing is said to be of another adapter", async (value) => {
  expect(await eventsWith(value)).toEqual([]);
});

test("continue: the run's events name OpenCode's local adapter", async () => {
  expect(await eventsWith("continue")).toMatchObject([
    { eventType: "adapter.invoke", payload: { adapterType: "opencode_local" } },
  ]);
});
