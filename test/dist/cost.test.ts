import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { copyEntry, inCleanProcess } from "./built.ts";

interface Cost {
  ms: number;
  megabytes: number;
}

/** What a process spends on some code, median of five. */
async function costOf(code: string): Promise<Cost> {
  const measure = `
    const startedAt = performance.now();
    ${code}
    const ms = performance.now() - startedAt;
    globalThis.gc?.();
    console.log(JSON.stringify({ ms, megabytes: process.memoryUsage().rss / 2 ** 20 }));
  `;
  const costs: Cost[] = [];
  for (let round = 0; round < 5; round++) costs.push((await inCleanProcess(measure)) as Cost);
  const median = (values: number[]) => values.toSorted((left, right) => left - right)[2] ?? Number.NaN;
  return { ms: median(costs.map(({ ms }) => ms)), megabytes: median(costs.map(({ megabytes }) => megabytes)) };
}

test("importing the adapter adds less memory than Node itself takes", async (context) => {
  const floor = await costOf("");
  const url = JSON.stringify(pathToFileURL(copyEntry()).href);
  const ours = await costOf(`const { createServerAdapter } = await import(${url}); createServerAdapter();`);
  const added = `${ours.ms.toFixed(0)} ms, ${(ours.megabytes - floor.megabytes).toFixed(1)} MB above bare Node`;
  await context.annotate(`importing and creating the adapter: ${added}`);
  expect(ours.megabytes / floor.megabytes).toBeLessThan(2);
});
