import { afterAll, beforeAll } from "vitest";
import { type EmbeddedCluster, startEmbeddedCluster } from "../embedded/embedded-cluster.ts";
import { MemoryCluster } from "../support/memory-cluster.ts";
import { runContract } from "./cases.ts";
import { image } from "./workloads.ts";

let cluster: EmbeddedCluster;

beforeAll(async () => {
  cluster = await startEmbeddedCluster({ images: { [image]: {} } });
});

afterAll(() => cluster.stop());

// All that unit tests use of it: it has no logs, and validation and access are the same code as over HTTP.
runContract("embedded, without HTTP", () => cluster.adminKubeconfig, {
  timeoutMs: 30_000,
  groups: ["objects", "watches", "jobs", "pods"],
  connect: async () => new MemoryCluster({ store: cluster.store }),
});
