import { expect } from "vitest";
import { isApiError } from "../../src/cluster/api-error.ts";
import { type Bench, type ContractCase, pause } from "./bench.ts";
import { refTo, secretNamed } from "./workloads.ts";

interface Seen {
  type: string;
  name: string | undefined;
}

/** Collects events until there are so many. */
async function collect(
  bench: Bench,
  count: number,
  options: { resourceVersion: string; labelSelector?: string },
): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const event of bench.cluster.watch("secrets", bench.namespace, { ...options, signal: bench.signal })) {
    if (event.type === "BOOKMARK") continue;
    seen.push({ type: event.type, name: event.object.metadata?.name });
    if (seen.length === count) break;
  }
  return seen;
}

const labelled = (bench: Bench, name: string, labels: Record<string, string>) => ({
  ...secretNamed(bench, name, {}),
  metadata: { name, namespace: bench.namespace, labels },
});

/** Watches for a second, from the first version of all. */
const watchFromFirst = (bench: Bench) =>
  bench.http("GET", `/api/v1/namespaces/${bench.namespace}/secrets?watch=1&resourceVersion=1&timeoutSeconds=1`);

/**
 * Makes the first version one that the server has forgotten. A cluster that has just been made remembers all: at least
 * 100 changes of a kind, more while the oldest is younger than 75 s (API server 1.34, watch cache).
 */
async function outdateFirstVersion(bench: Bench): Promise<void> {
  const busy = refTo(await bench.cluster.create("secrets", secretNamed(bench, "busy", {}), bench));
  for (let round = 0; (await watchFromFirst(bench)).json.type !== "ERROR"; round++) {
    if (round > 0) await pause(76_000);
    for (let change = 0; change < 250; change++) {
      const patch = { metadata: { labels: { change: `${round}-${change}` } } };
      await bench.cluster.patch("secrets", busy, { ...bench, patch });
    }
  }
}

export const watchCases: ContractCase[] = [
  {
    name: "a watch from a list's version tells all that came after, in order, and nothing before",
    async run(bench) {
      await bench.cluster.create("secrets", secretNamed(bench, "before", {}), bench);
      const { resourceVersion } = await bench.cluster.list("secrets", bench.namespace, bench);
      const made = await bench.cluster.create("secrets", secretNamed(bench, "after", {}), bench);
      const seen = collect(bench, 3, { resourceVersion });
      await bench.cluster.patch("secrets", refTo(made), { ...bench, patch: { metadata: { labels: { x: "y" } } } });
      await bench.cluster.delete("secrets", refTo(made), bench);
      expect(await seen).toEqual([
        { type: "ADDED", name: "after" },
        { type: "MODIFIED", name: "after" },
        { type: "DELETED", name: "after" },
      ]);
    },
  },
  {
    name: "a change that changes nothing is no event and no new version",
    async run(bench) {
      const made = await bench.cluster.create("secrets", labelled(bench, "same", { x: "y" }), bench);
      const patch = { metadata: { labels: { x: "y" } } };
      const after = await bench.cluster.patch("secrets", refTo(made), { ...bench, patch });
      expect(after?.metadata?.resourceVersion).toBe(made.metadata?.resourceVersion);
    },
  },
  {
    name: "for a watch with a selector an object that ceases to match is deleted, one that begins to is added",
    async run(bench) {
      const { resourceVersion } = await bench.cluster.list("secrets", bench.namespace, bench);
      const made = await bench.cluster.create("secrets", labelled(bench, "moving", { app: "a" }), bench);
      const seen = collect(bench, 3, { resourceVersion, labelSelector: "app=a" });
      for (const app of ["b", "a"]) {
        await bench.cluster.patch("secrets", refTo(made), { ...bench, patch: { metadata: { labels: { app } } } });
      }
      expect((await seen).map(({ type }) => type)).toEqual(["ADDED", "DELETED", "ADDED"]);
    },
  },
  {
    name: "a watch from a version that is too old is gone",
    async run(bench) {
      await outdateFirstVersion(bench);
      const failure = await collect(bench, 1, { resourceVersion: "1" }).catch((error: unknown) => error);
      expect(isApiError(failure, "gone")).toBe(true);
      const raw = await watchFromFirst(bench);
      expect(raw.status).toBe(200);
      expect(raw.text).toMatch(/^\{"type":"ERROR","object":\{"kind":"Status".*"reason":"Expired","code":410\}\}\n$/);
      expect(raw.text).toMatch(/too old resource version: 1 \(\d+\)/);
    },
  },
  {
    name: "a watch without a version begins with what is there and ends when its time is up",
    async run(bench) {
      await bench.cluster.create("secrets", secretNamed(bench, "there", {}), bench);
      const started = Date.now();
      const raw = await bench.http("GET", `/api/v1/namespaces/${bench.namespace}/secrets?watch=1&timeoutSeconds=1`);
      const types = raw.text
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { type: string }).type);
      expect(types).toEqual(["ADDED"]);
      expect(Date.now() - started).toBeGreaterThanOrEqual(900);
    },
  },
];
