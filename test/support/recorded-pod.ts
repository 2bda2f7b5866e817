import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Pod } from "../../src/cluster/cluster.ts";

const folder = join(import.meta.dirname, "../fixtures/pods");

/** A pod as Kubernetes 1.34 showed it (test/fixtures/pods/record.ts). */
export function recordedPod(name: string): Pod {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
}

export function recordedPodNames(): string[] {
  return readdirSync(folder).flatMap((file) => (file.endsWith(".json") ? [file.slice(0, -".json".length)] : []));
}
