import { expect, test } from "vitest";
import { MemoryCluster } from "../../test/support/memory-cluster.ts";
import { exited, pod, running } from "../../test/support/run-parts.ts";
import { hasAgentEnded } from "../pod/agent-container.ts";
import { endContainer } from "./end-container.ts";

const limits = { statusMs: 20, patienceMs: 1_000 };

test("a container that lives on after its end mark is ended with its pod, within seconds", async () => {
  const cluster = new MemoryCluster();
  const own = cluster.put("pods", pod({ state: running }));
  expect(await endContainer(own, hasAgentEnded, { cluster, limits })).toBe(true);
  expect(cluster.count("delete", "pods")).toBe(1);
});

test("a container whose end the cluster shows a moment later is left alone", async () => {
  const cluster = new MemoryCluster();
  const own = cluster.put("pods", pod({ state: running }));
  setTimeout(() => cluster.put("pods", pod({ phase: "Succeeded", state: exited(0) })), 5);
  expect(await endContainer(own, hasAgentEnded, { cluster, limits })).toBe(false);
  expect(cluster.count("delete", "pods")).toBe(0);
});

test("an ended container costs no request, and a later pod of the name is not touched", async () => {
  const cluster = new MemoryCluster();
  expect(await endContainer(pod({ state: exited(0) }), hasAgentEnded, { cluster, limits })).toBe(false);
  const own = pod({ state: running });
  cluster.put("pods", { ...own, metadata: { ...own.metadata, uid: "another" } });
  expect(await endContainer(own, hasAgentEnded, { cluster, limits })).toBe(false);
  expect(cluster.calls.map(({ verb }) => verb)).toEqual(["read"]);
});
