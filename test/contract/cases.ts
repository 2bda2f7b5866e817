import { describe, test } from "vitest";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { connectCluster } from "../../src/cluster/connect.ts";
import { accessCases } from "./access-cases.ts";
import { openBench } from "./bench.ts";
import { jobCases } from "./job-cases.ts";
import { logCases } from "./log-cases.ts";
import { objectCases } from "./object-cases.ts";
import { podCases } from "./pod-cases.ts";
import { podEndCases } from "./pod-end-cases.ts";
import { sidecarCases } from "./sidecar-cases.ts";
import { validationCases } from "./validation-cases.ts";
import { watchCases } from "./watch-cases.ts";

/** The behaviour of the Kubernetes API that this program and its tests stand on. */
export const cases = {
  objects: objectCases,
  "access and admission": accessCases,
  validation: validationCases,
  watches: watchCases,
  jobs: jobCases,
  pods: [...podCases, ...podEndCases, ...sidecarCases],
  logs: logCases,
};

interface Place {
  timeoutMs: number;
  /** A part of the cases, in place of all. */
  groups?: readonly (keyof typeof cases)[];
  /** How the port is opened, in place of the program's own way. */
  connect?: (kubeconfig: string) => Promise<Cluster>;
}

/** Runs every case, or a part of them against one server, several at a time: each has a namespace of its own. */
export function runContract(server: string, kubeconfig: () => string, place: Place): void {
  const { timeoutMs } = place;
  const connect = place.connect ?? ((path) => connectCluster({ kubeconfig: path }));
  describe.concurrent(`the Kubernetes API, ${server}`, () => {
    for (const group of place.groups ?? (Object.keys(cases) as (keyof typeof cases)[])) {
      describe.concurrent(group, () => {
        for (const { name, run } of cases[group]) {
          test(name, { timeout: timeoutMs + 5_000 }, async () => {
            const bench = await openBench(kubeconfig(), { timeoutMs, connect });
            try {
              await run(bench);
            } finally {
              await bench.close();
            }
          });
        }
      });
    }
  });
}
