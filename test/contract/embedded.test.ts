import { afterAll, beforeAll } from "vitest";
import { type EmbeddedCluster, startEmbeddedCluster } from "../embedded/embedded-cluster.ts";
import { runContract } from "./cases.ts";
import { image } from "./workloads.ts";

let cluster: EmbeddedCluster;

beforeAll(async () => {
  cluster = await startEmbeddedCluster({ images: { [image]: {} } });
});

afterAll(() => cluster.stop());

runContract("embedded", () => cluster.adminKubeconfig, { timeoutMs: 30_000 });
