import { describe, test } from "vitest";
import { accessCases } from "./access-cases.ts";
import { openBench } from "./bench.ts";
import { jobCases } from "./job-cases.ts";
import { logCases } from "./log-cases.ts";
import { objectCases } from "./object-cases.ts";
import { podCases } from "./pod-cases.ts";
import { podEndCases } from "./pod-end-cases.ts";
import { validationCases } from "./validation-cases.ts";
import { watchCases } from "./watch-cases.ts";

/** The behaviour of the Kubernetes API that this program and its tests stand on. */
export const cases = {
  objects: objectCases,
  "access and admission": accessCases,
  validation: validationCases,
  watches: watchCases,
  jobs: jobCases,
  pods: [...podCases, ...podEndCases],
  logs: logCases,
};

/** Runs every case against one server, several at a time: each has a namespace of its own. */
export function runContract(server: string, kubeconfig: () => string, timeoutMs: number): void {
  describe.concurrent(`the Kubernetes API, ${server}`, () => {
    for (const [group, list] of Object.entries(cases)) {
      describe.concurrent(group, () => {
        for (const { name, run } of list) {
          test(name, { timeout: timeoutMs + 5_000 }, async () => {
            const bench = await openBench(kubeconfig(), timeoutMs);
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
